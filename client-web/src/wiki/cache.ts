import type { QueryClient } from '@tanstack/react-query';
import type { Home, Page, Row } from '../api/pages';
import type { Space } from '../api/spaces';
import { homeQuery, pageQuery, pagesQuery, spacesQuery } from './queries';
import { noteRow } from './told';
import { withBelow } from './tree';

const isSame = (a: Row, b: Row): boolean =>
  (Object.keys(b) as (keyof Row)[]).every((key) => a[key] === b[key]);

const onlyRow = (row: Row): Row => ({
  id: row.id,
  space: row.space,
  parent: row.parent,
  order: row.order,
  title: row.title,
  icon: row.icon,
  restricted: row.restricted,
  template: row.template,
  archived: row.archived,
  updated: row.updated,
  updatedBy: row.updatedBy,
  created: row.created,
  createdBy: row.createdBy,
});

/** Every list of a space's pages that has been fetched. */
function listed(client: QueryClient): [space: string, rows: Row[]][] {
  return client
    .getQueriesData<Row[]>({ queryKey: ['pages'] })
    .flatMap(([key, rows]) => (rows === undefined ? [] : [[String(key[1]), rows] as [string, Row[]]]));
}

export const rowsOf = (client: QueryClient, space: string): Row[] =>
  client.getQueryData(pagesQuery(space).queryKey) ?? [];

/** What is known of a page from any list of a space's pages. */
export function findRow(client: QueryClient, id: string): Row | undefined {
  for (const [, rows] of listed(client)) {
    const row = rows.find((one) => one.id === id);
    if (row !== undefined) return row;
  }
  return client.getQueryData<Page>(pageQuery(id).queryKey);
}

/** Puts pages as they are now into every list that shows them. */
export function putRows(client: QueryClient, changed: readonly Row[]): void {
  const news = new Map(changed.map((row) => [row.id, onlyRow(row)]));
  for (const [id, row] of news) noteRow(id, row);
  for (const [space, rows] of listed(client)) {
    const kept = rows.filter((row) => !news.has(row.id) || news.get(row.id)?.space === space);
    const next = kept.map((row) => {
      const now = news.get(row.id);
      return now === undefined || isSame(row, now) ? row : now;
    });
    const here = new Set(rows.map((row) => row.id));
    for (const row of news.values()) if (row.space === space && !here.has(row.id)) next.push(row);
    const isUnchanged = next.length === rows.length && next.every((row, index) => row === rows[index]);
    if (!isUnchanged) client.setQueryData(pagesQuery(space).queryKey, next);
  }
  for (const row of news.values()) {
    client.setQueryData<Page>(pageQuery(row.id).queryKey, (page) => page && { ...page, ...row });
  }
  patchCrumbs(client, news);
  patchHome(client, (row) => (news.has(row.id) ? { ...row, ...news.get(row.id) } : row));
}

/**
 * Takes in the server's answer to something one did with a page. Its title is known better here: it may have been typed
 * since the server wrote the answer, and what others typed is told apart from it.
 */
export function putAnswer(client: QueryClient, answer: Page): Page {
  const page = { ...answer, title: findRow(client, answer.id)?.title ?? answer.title };
  client.setQueryData(pageQuery(page.id).queryKey, page);
  putRows(client, [page]);
  return page;
}

/** The titles and icons of pages above, where an open page shows them. */
function patchCrumbs(client: QueryClient, news: ReadonlyMap<string, Row>): void {
  for (const [key, page] of client.getQueriesData<Page>({ queryKey: ['page'] })) {
    if (page === undefined || !page.breadcrumb.some((crumb) => news.has(crumb.id))) continue;
    const breadcrumb = page.breadcrumb.map((crumb) => {
      const now = news.get(crumb.id);
      return now === undefined ? crumb : { id: crumb.id, title: now.title, icon: now.icon };
    });
    client.setQueryData<Page>(key, { ...page, breadcrumb });
  }
}

function patchHome(client: QueryClient, change: (row: Row) => Row | null): void {
  client.setQueryData<Home>(homeQuery.queryKey, (home) => {
    if (home === undefined) return undefined;
    const each = (rows: Row[]): Row[] => rows.map(change).filter((row) => row !== null);
    return {
      viewed: each(home.viewed),
      edited: each(home.edited),
      mine: each(home.mine),
      favourites: each(home.favourites),
      shared: each(home.shared),
    };
  });
}

/** Takes a page, and all below it, out of every list. Answers with what was taken out. */
export function dropRows(client: QueryClient, id: string): Row[] {
  const gone = new Map<string, Row>();
  for (const [space, rows] of listed(client)) {
    const below = withBelow(rows, id);
    if (below.length === 0) continue;
    for (const row of below) gone.set(row.id, row);
    client.setQueryData(
      pagesQuery(space).queryKey,
      rows.filter((row) => !gone.has(row.id)),
    );
  }
  for (const each of [id, ...gone.keys()]) noteRow(each, null);
  patchHome(client, (row) => (row.id === id || gone.has(row.id) ? null : row));
  return [...gone.values()];
}

/** By name, as the server lists them: what stands elsewhere a moment later is easily missed by a hand. */
const bySpaceName = (a: Space, b: Space): number => {
  const [one, other] = [a.name.toLowerCase(), b.name.toLowerCase()];
  if (one !== other) return one < other ? -1 : 1;
  return a.id < b.id ? -1 : 1;
};

export function putSpace(client: QueryClient, space: Space): void {
  client.setQueryData(spacesQuery.queryKey, (spaces) =>
    spaces === undefined
      ? undefined
      : [...spaces.filter((one) => one.id !== space.id), space].sort(bySpaceName),
  );
}

export function dropSpace(client: QueryClient, id: string): void {
  client.setQueryData(spacesQuery.queryKey, (spaces) => spaces?.filter((space) => space.id !== id));
  client.removeQueries({ queryKey: pagesQuery(id).queryKey });
  patchHome(client, (row) => (row.space === id ? null : row));
}
