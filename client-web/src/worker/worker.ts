// The service worker: it keeps the client itself, so that an address opens without the server. What the wiki holds is
// not its business: answers are kept by `api/kept.ts` and documents by `sync/keep.ts`, each as somebody's, not as a URL's.
import { CacheableResponsePlugin } from 'workbox-cacheable-response';
import { clientsClaim } from 'workbox-core';
import { ExpirationPlugin } from 'workbox-expiration';
import {
  cleanupOutdatedCaches,
  createHandlerBoundToURL,
  type PrecacheEntry,
  precacheAndRoute,
} from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';
import { CacheFirst } from 'workbox-strategies';

/** Every file of this build, put in by `scripts/worker.ts`. */
declare const FILES: PrecacheEntry[];

/** As `sync/browser.ts` knows it too: it is emptied when somebody signs out. */
const PICTURES = 'weft-pictures';
const PICTURES_MAX = 200;
/** Another picture has another address, so what is kept is never wrong, only unused. */
const PICTURE_SECONDS_MAX = 30 * 24 * 60 * 60;

/** Addresses that the server answers itself, also in a browser's address line. */
const SERVERS = [/^\/api(\/|$)/, /^\/ws(\/|$)/, /^\/(live|ready|metrics)$/];

precacheAndRoute(FILES);
cleanupOutdatedCaches();
registerRoute(new NavigationRoute(createHandlerBoundToURL('/index.html'), { denylist: SERVERS }));
registerRoute(
  ({ url, sameOrigin }) => sameOrigin && /^\/api\/people\/[^/]+\/picture$/.test(url.pathname),
  new CacheFirst({
    cacheName: PICTURES,
    plugins: [
      new CacheableResponsePlugin({ statuses: [200] }),
      new ExpirationPlugin({
        maxEntries: PICTURES_MAX,
        maxAgeSeconds: PICTURE_SECONDS_MAX,
        purgeOnQuotaError: true,
      }),
    ],
  }),
);

// The tab that brought the first worker is served by it at once. A newer one waits until somebody asks for it.
clientsClaim();
addEventListener('message', ({ data }) => {
  if (data === 'take-over') void (globalThis as unknown as { skipWaiting(): Promise<void> }).skipWaiting();
});
