import { QueryClient, queryOptions } from '@tanstack/react-query';
import { listApps } from '../api/apps';
import { listGroups } from '../api/groups';
import { getMe, listPasskeys, listSignIns, listTokens } from '../api/me';
import { listNotices } from '../api/notices';
import { findPages, getHome, getPage, listPages, listTrash } from '../api/pages';
import { listInvitations, listPeople } from '../api/people';
import { ApiError } from '../api/request';
import { getServer } from '../api/server';
import { listShares, readShared } from '../api/shares';
import { getSpace, listAllSpaces, listSpaces } from '../api/spaces';
import { claimBrowser } from '../sync/browser';
import { correctRows, withNews } from './told';

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // What the server refused it refuses again; what was not reached may be back in a moment.
      retry: (failures, error) => failures < 1 && !(error instanceof ApiError && error.status !== null),
      // A second view of what was refused a moment ago need not ask again.
      retryOnMount: false,
      staleTime: 5_000,
      // The server may be this very machine, which the browser's idea of "offline" knows nothing about.
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
});

/** Kept fresh by what the server tells on its own, see `events.ts`. */
const TOLD = { staleTime: 5 * 60_000 } as const;

export const serverQuery = queryOptions({
  queryKey: ['server'],
  queryFn: ({ signal }) => getServer(signal),
  staleTime: 60_000,
});
export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: async ({ signal }) => {
    const me = await getMe(signal);
    await claimBrowser(me.id);
    return me;
  },
  ...TOLD,
});
export const spacesQuery = queryOptions({
  queryKey: ['spaces'],
  queryFn: ({ signal }) => listSpaces(signal),
  ...TOLD,
});
export const allSpacesQuery = queryOptions({
  queryKey: ['all-spaces'],
  queryFn: ({ signal }) => listAllSpaces(signal),
});
/** One space with who was granted what. */
export const spaceQuery = (id: string) =>
  queryOptions({ queryKey: ['space', id], queryFn: ({ signal }) => getSpace(id, signal) });
export const pagesQuery = (space: string) =>
  queryOptions({
    queryKey: ['pages', space],
    queryFn: ({ signal }) =>
      withNews(listPages(space, signal), (rows, since) => correctRows(space, rows, since)),
    ...TOLD,
  });
export const trashQuery = (space: string) =>
  queryOptions({ queryKey: ['trash', space], queryFn: ({ signal }) => listTrash(space, signal) });
export const pageQuery = (id: string) =>
  queryOptions({
    queryKey: ['page', id],
    queryFn: ({ signal }) => withNews(getPage(id, signal), (page, since) => ({ ...page, ...since.get(id) })),
  });
export const homeQuery = queryOptions({
  queryKey: ['home'],
  queryFn: ({ signal }) => getHome(signal),
  staleTime: 10_000,
});
export const findQuery = (q: string) =>
  queryOptions({
    queryKey: ['find', q],
    queryFn: ({ signal }) => findPages(q, signal),
    staleTime: 30_000,
    enabled: q !== '',
  });
export const sharesQuery = (page: string) =>
  queryOptions({ queryKey: ['shares', page], queryFn: ({ signal }) => listShares(page, signal) });
export const sharedQuery = (secret: string) =>
  queryOptions({ queryKey: ['shared', secret], queryFn: ({ signal }) => readShared(secret, signal) });
export const peopleQuery = queryOptions({
  queryKey: ['people'],
  queryFn: ({ signal }) => listPeople(signal),
  staleTime: 60_000,
});
export const groupsQuery = queryOptions({
  queryKey: ['groups'],
  queryFn: ({ signal }) => listGroups(signal),
  staleTime: 60_000,
});
export const invitationsQuery = queryOptions({
  queryKey: ['invitations'],
  queryFn: ({ signal }) => listInvitations(signal),
});
export const noticesQuery = queryOptions({
  queryKey: ['notices'],
  queryFn: ({ signal }) => listNotices(signal),
  ...TOLD,
});
export const signInsQuery = queryOptions({
  queryKey: ['sign-ins'],
  queryFn: ({ signal }) => listSignIns(signal),
});
export const tokensQuery = queryOptions({
  queryKey: ['tokens'],
  queryFn: ({ signal }) => listTokens(signal),
});
export const passkeysQuery = queryOptions({
  queryKey: ['passkeys'],
  queryFn: ({ signal }) => listPasskeys(signal),
});
export const appsQuery = queryOptions({ queryKey: ['apps'], queryFn: ({ signal }) => listApps(signal) });
