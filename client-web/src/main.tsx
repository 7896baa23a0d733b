import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import i18next from 'i18next';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Appearance } from './app/Appearance';
import { Broken } from './app/Broken';
import { router, warmUp } from './app/router';
import { startWorker } from './app/update';
import { startLanguage, suggestName } from './locales';
import { ensurePerson } from './sync/person';
import { unsentDocuments } from './sync/unsent';
import { toast } from './ui/toasts';
import { explain } from './wiki/explain';
import { resumePages } from './wiki/making';
import { queryClient } from './wiki/queries';
import './app/styles';

startLanguage();
ensurePerson(suggestName);

// Before any of them can be looked at.
resumePages(queryClient, (error) =>
  toast(i18next.t('do.notMade', { why: explain(error, i18next.t) }), { tone: 'bad' }),
);

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no element to draw in.');

createRoot(root).render(
  <StrictMode>
    <Appearance>
      <Broken>
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </Broken>
    </Appearance>
  </StrictMode>,
);

// Not before the view that was asked for has had its turn.
setTimeout(warmUp, 400);
// And this not before what one looks at is here: it fetches the whole client.
setTimeout(startWorker, 2_000);
setTimeout(async () => {
  if (unsentDocuments().length === 0) return;
  const { sendUnsent } = await import('./sync/registry');
  sendUnsent();
}, 1_500);
