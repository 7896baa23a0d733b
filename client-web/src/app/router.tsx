import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { readSignIn, readToken } from '../features/outside/next';
import { readPageSearch } from '../features/page/search';
import { BrokenNotice } from './Broken';
import { Inside } from './Inside';
import { Lost } from './Lost';
import { Root } from './Root';
import { Shell } from './Shell';

const loadPage = () => import('../features/page/PageRoute');
const loadSetup = () => import('../features/outside/SetupRoute');
const loadSignIn = () => import('../features/outside/SignInRoute');
const loadReset = () => import('../features/outside/ResetRoute');

/** Fetches the page view and the palette ahead of time: what is typed right after the key must not be lost. */
export function warmUp(): void {
  void loadPage()
    .then(() => import('../features/palette/Palette'))
    .catch(() => undefined);
}

const root = createRootRoute({ component: Root, notFoundComponent: Lost });
const ofRoot = { getParentRoute: () => root } as const;

const setup = createRoute({
  ...ofRoot,
  path: '/setup',
  validateSearch: readToken,
  component: lazyRouteComponent(loadSetup, 'SetupRoute'),
});
const signIn = createRoute({
  ...ofRoot,
  path: '/sign-in',
  validateSearch: readSignIn,
  component: lazyRouteComponent(loadSignIn, 'SignInRoute'),
});
const forgotten = createRoute({
  ...ofRoot,
  path: '/reset',
  component: lazyRouteComponent(loadReset, 'ForgottenRoute'),
});
const reset = createRoute({
  ...ofRoot,
  path: '/reset/$secret',
  component: lazyRouteComponent(loadReset, 'ResetRoute'),
});
const invite = createRoute({
  ...ofRoot,
  path: '/invite/$secret',
  component: lazyRouteComponent(() => import('../features/outside/InviteRoute'), 'InviteRoute'),
});

const loadShared = () => import('../features/page/SharedRoute');
/** A public link: a page, and with it perhaps those below. */
const shared = createRoute({
  ...ofRoot,
  path: '/s/$secret',
  component: lazyRouteComponent(loadShared, 'SharedRoute'),
});
const sharedPage = createRoute({
  ...ofRoot,
  path: '/s/$secret/$page',
  component: lazyRouteComponent(loadShared, 'SharedRoute'),
});

/** For people who are signed in. */
const inside = createRoute({ ...ofRoot, id: 'inside', component: Inside });
/** With the sidebar of spaces. */
const shell = createRoute({ getParentRoute: () => inside, id: 'shell', component: Shell });
const ofShell = { getParentRoute: () => shell } as const;

const settings = createRoute({
  getParentRoute: () => inside,
  path: '/settings/$section',
  component: lazyRouteComponent(() => import('../features/settings/SettingsRoute'), 'SettingsRoute'),
});
const admin = createRoute({
  getParentRoute: () => inside,
  path: '/admin/$section',
  component: lazyRouteComponent(() => import('../features/admin/AdminRoute'), 'AdminRoute'),
});

const home = createRoute({
  ...ofShell,
  path: '/',
  component: lazyRouteComponent(() => import('../features/home/HomeRoute'), 'HomeRoute'),
});
const space = createRoute({
  ...ofShell,
  path: '/$space',
  component: lazyRouteComponent(() => import('../features/space/SpaceRoute'), 'SpaceRoute'),
});
const trash = createRoute({
  ...ofShell,
  path: '/$space/trash',
  component: lazyRouteComponent(() => import('../features/space/TrashRoute'), 'TrashRoute'),
});
const page = createRoute({
  ...ofShell,
  path: '/$space/$page',
  validateSearch: readPageSearch,
  component: lazyRouteComponent(loadPage, 'PageRoute'),
});
/** By its id alone; leads on to its readable address where there is one. */
const pageById = createRoute({
  ...ofShell,
  path: '/page/$pageId',
  validateSearch: readPageSearch,
  component: lazyRouteComponent(loadPage, 'PageByIdRoute'),
});
/** Another app's document; its name is one percent-encoded part of the address. */
const room = createRoute({
  ...ofShell,
  path: '/room/$name',
  component: lazyRouteComponent(() => import('../features/room/RoomRoute'), 'RoomRoute'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    setup,
    signIn,
    forgotten,
    reset,
    invite,
    shared,
    sharedPage,
    inside.addChildren([settings, admin, shell.addChildren([home, space, trash, page, pageById, room])]),
  ]),
  defaultPreload: 'intent',
  defaultErrorComponent: BrokenNotice,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
