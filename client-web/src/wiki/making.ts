import type { QueryClient } from '@tanstack/react-query';
import { getPage, makePage, type Page, type Row } from '../api/pages';
import { ApiError, mayPass } from '../api/request';
import type { Space } from '../api/spaces';
import { markBegun, markFresh } from '../sync/fresh';
import { documentOf, newPageId } from '../sync/pageId';
import { dropRows, putAnswer, putRows, rowsOf } from './cache';
import { homeQuery, pageQuery } from './queries';
import { orderAt, pathTo } from './tree';
import { noteWish, strikeWish, type Wish, wishes } from './wishes';

const AGAIN_FIRST_MS = 500;
const AGAIN_MAX_MS = 15_000;

/** Whoever began a page finds it made when they sign in again. */
const isSignedOut = (error: unknown): boolean => error instanceof ApiError && error.status === 401;
/** The server made it, and its answer was lost on the way. */
const isThere = (error: unknown): boolean => error instanceof ApiError && error.status === 409;

/** Makes the page on the server, however long it takes to reach it. What the server refuses is thrown. */
async function makeUntilReached(wish: Wish): Promise<Page> {
  const isNoted = (): boolean => wishes().some(({ id }) => id === wish.id);
  const wasNoted = isNoted();
  for (let wait = AGAIN_FIRST_MS; ; wait = Math.min(wait * 2, AGAIN_MAX_MS)) {
    try {
      return await makePage(wish);
    } catch (error) {
      if (isThere(error)) return await getPage(wish.id).catch(() => Promise.reject(error));
      if (!mayPass(error) && !isSignedOut(error)) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, wait);
        window.addEventListener('online', resolve, { once: true });
      });
      // Whoever wished for it has left this browser, and it is not for whoever came after them.
      if (wasNoted && !isNoted()) throw error;
    }
  }
}

/** Has the page made. Resolves with whether it was; `onRefused` hears why not. */
function make(client: QueryClient, wish: Wish, onRefused: (error: unknown) => void): Promise<boolean> {
  return makeUntilReached(wish).then(
    (told) => {
      strikeWish(wish.id);
      putAnswer(client, told);
      void client.invalidateQueries({ queryKey: homeQuery.queryKey });
      return true;
    },
    (error: unknown) => {
      strikeWish(wish.id);
      dropRows(client, wish.id);
      onRefused(error);
      return false;
    },
  );
}

/** Goes on with the pages that were begun on an earlier visit, before the server could be told. */
export function resumePages(client: QueryClient, onRefused: (error: unknown) => void): void {
  for (const wish of wishes()) markBegun(documentOf(wish.id), make(client, wish, onRefused));
}

function imagined(client: QueryClient, id: string, space: Space, parent: string | null, me: string): Page {
  const rows = rowsOf(client, space.id);
  const now = Date.now();
  const row: Row = {
    id,
    space: space.id,
    parent,
    order: orderAt(rows, { space: space.id, parent }, id),
    title: '',
    icon: null,
    restricted: false,
    template: false,
    archived: false,
    updated: now,
    updatedBy: me,
    created: now,
    createdBy: me,
  };
  return {
    ...row,
    level: space.level,
    slug: '',
    breadcrumb: pathTo([...rows, row], id).map(({ id: above, title, icon }) => ({ id: above, title, icon })),
    trashed: null,
    favourite: false,
    watching: false,
    grants: null,
    audience: null,
  };
}

/**
 * Makes an empty page that can be written at once; the server hears of it meanwhile. Answers with its id.
 * `onRefused` is called when the server will not have it.
 */
export function beginPage(
  client: QueryClient,
  where: { space: Space; parent: string | null; me: string },
  onRefused: (error: unknown) => void,
): string {
  const id = newPageId();
  const page = imagined(client, id, where.space, where.parent, where.me);
  putRows(client, [page]);
  client.setQueryData(pageQuery(id).queryKey, page);
  const wish: Wish = { id, space: where.space.id };
  if (where.parent !== null) wish.parent = where.parent;
  noteWish(wish);
  markFresh(documentOf(id), make(client, wish, onRefused));
  return id;
}
