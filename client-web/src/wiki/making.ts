import type { QueryClient } from '@tanstack/react-query';
import { makePage, type Page, type PageWish, type Row } from '../api/pages';
import { ApiError } from '../api/request';
import type { Space } from '../api/spaces';
import { markFresh } from '../sync/fresh';
import { documentOf, newPageId } from '../sync/pageId';
import { dropRows, putRows, rowsOf } from './cache';
import { homeQuery, pageQuery } from './queries';
import { orderAt, pathTo } from './tree';

const AGAIN_FIRST_MS = 500;
const AGAIN_MAX_MS = 15_000;

/** Makes the page on the server, however long it takes to reach it. What the server refuses is thrown. */
async function makeUntilReached(wish: PageWish): Promise<Page> {
  for (let wait = AGAIN_FIRST_MS; ; wait = Math.min(wait * 2, AGAIN_MAX_MS)) {
    try {
      return await makePage(wish);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== null) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, wait);
        window.addEventListener('online', resolve, { once: true });
      });
    }
  }
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
  const wish: PageWish = { id, space: where.space.id };
  if (where.parent !== null) wish.parent = where.parent;
  const made = makeUntilReached(wish).then(
    (told) => {
      // Its title may have been typed meanwhile, and is known better here.
      const now = client.getQueryData(pageQuery(id).queryKey);
      const known = { ...told, title: now?.title ?? told.title };
      client.setQueryData(pageQuery(id).queryKey, known);
      putRows(client, [known]);
      void client.invalidateQueries({ queryKey: homeQuery.queryKey });
      return true;
    },
    (error: unknown) => {
      dropRows(client, id);
      onRefused(error);
      return false;
    },
  );
  markFresh(documentOf(id), made);
  return id;
}
