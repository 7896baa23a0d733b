import 'fake-indexeddb/auto';
import i18next from 'i18next';
import { beforeAll } from 'vitest';
import { setLanguage, startLanguage } from './locales';

// Files share their modules: started anew, the strings of parts that another file has fetched would be gone.
if (!i18next.isInitialized) startLanguage();
beforeAll(() => {
  localStorage.clear();
  setLanguage('en');
});
