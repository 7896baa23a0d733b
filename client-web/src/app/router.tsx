import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { readPageSearch } from '../features/page/search';
import { StartPage } from '../features/start/StartPage';
import { BrokenNotice } from './Broken';
import { Lost } from './Lost';
import { Shell } from './Shell';

const loadPage = () => import('../features/page/PageRoute');

/** Fetches the page view ahead of time, so that the first new page opens as fast as the next. */
export function warmUp(): void {
  void loadPage().catch(() => undefined);
}

const root = createRootRoute({ component: Shell, notFoundComponent: Lost });

const start = createRoute({ getParentRoute: () => root, path: '/', component: StartPage });

const page = createRoute({
  getParentRoute: () => root,
  path: '/page/$pageId',
  validateSearch: readPageSearch,
  component: lazyRouteComponent(loadPage, 'PageRoute'),
});

/** Another app's document; its name is one percent-encoded part of the address. */
const room = createRoute({
  getParentRoute: () => root,
  path: '/room/$name',
  component: lazyRouteComponent(() => import('../features/room/RoomRoute'), 'RoomRoute'),
});

export const router = createRouter({
  routeTree: root.addChildren([start, page, room]),
  defaultPreload: 'intent',
  defaultErrorComponent: BrokenNotice,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
