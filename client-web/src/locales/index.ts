import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import en from './en.json';
import zhCN from './zh-CN.json';

/** Adding a language is adding a file and a line here. The name is in the language itself. */
export const LANGUAGES = {
  en: { name: 'English', strings: en },
  'zh-CN': { name: '简体中文', strings: zhCN },
} as const;

export type Language = keyof typeof LANGUAGES;

const KEY = 'weft.language';

export const isLanguage = (text: unknown): text is Language =>
  typeof text === 'string' && Object.hasOwn(LANGUAGES, text);

/** The wish of an earlier visit, else the first of the browser's languages that we speak, else English. */
export function chooseLanguage(wish: string | null, browser: readonly string[]): Language {
  if (isLanguage(wish)) return wish;
  for (const tag of browser) {
    const base = tag.toLowerCase().split('-')[0];
    const match = Object.keys(LANGUAGES).find((known) => known.toLowerCase().split('-')[0] === base);
    if (isLanguage(match)) return match;
  }
  return 'en';
}

function storedLanguage(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

type Strings = Record<Language, object>;
const early: Strings[] = [];

/** Strings of a part of the app that is fetched later. A part's folder calls this when it is loaded. */
export function addStrings(strings: Strings): void {
  if (!i18next.isInitialized) early.push(strings);
  else
    for (const [tag, part] of Object.entries(strings))
      i18next.addResourceBundle(tag, 'translation', part, true);
}

export function startLanguage(): void {
  const language = chooseLanguage(storedLanguage(), navigator.languages ?? [navigator.language]);
  document.documentElement.lang = language;
  void i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'en',
    // Parts that are fetched later are added to what is given here.
    resources: Object.fromEntries(
      Object.entries(LANGUAGES).map(([tag, { strings }]) => [tag, { translation: structuredClone(strings) }]),
    ),
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  for (const strings of early.splice(0)) addStrings(strings);
}

export function setLanguage(language: Language): void {
  document.documentElement.lang = language;
  void i18next.changeLanguage(language);
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // Blocked storage: the choice lasts as long as the tab.
  }
}

/** A friendly name for someone who has not given one. */
export function suggestName(): string {
  const pick = (key: string): string => {
    const words = i18next.t(key).split(',');
    return words[Math.floor(Math.random() * words.length)] ?? '';
  };
  return i18next.t('names.pattern', { adjective: pick('names.adjectives'), animal: pick('names.animals') });
}
