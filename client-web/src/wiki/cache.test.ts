import { QueryClient } from '@tanstack/react-query';
import { beforeEach, expect, test } from 'vitest';
import { readHappening } from '../api/events';
import type { Row } from '../api/pages';
import { readPage, readRow } from '../api/pages';
import { readSpace, type Space } from '../api/spaces';
import { dropRows, findRow, putAnswer, putRows, putSpace, rowsOf } from './cache';
import { applyHappening } from './events';
import { homeQuery, noticesQuery, pageQuery, pagesQuery, spacesQuery } from './queries';
import { correctRows, withNews } from './told';

const row = (id: string, more: Partial<Row> = {}): Row => ({
  ...(readRow({ id, space: 's', order: 'm', title: id }) as Row),
  ...more,
});

let client: QueryClient;
beforeEach(() => {
  client = new QueryClient();
  client.setQueryData(pagesQuery('s').queryKey, [row('a'), row('b', { parent: 'a' }), row('c')]);
  client.setQueryData(pagesQuery('t').queryKey, [row('z', { space: 't' })]);
  const none = { viewed: [], edited: [], mine: [], favourites: [], shared: [] };
  client.setQueryData(homeQuery.queryKey, { ...none, viewed: [row('a')], favourites: [row('b')] });
  const page = readPage({
    ...row('b', { parent: 'a' }),
    level: 'edit',
    breadcrumb: [{ id: 'a', title: 'a' }],
  });
  client.setQueryData(pageQuery('b').queryKey, page ?? undefined);
});
const ids = (space: string): string[] => rowsOf(client, space).map(({ id }) => id);
const happens = (value: unknown): void => {
  const happening = readHappening(value);
  if (happening === null) throw new Error('not a happening');
  applyHappening(client, happening, Date.now());
};
const isStale = (key: readonly unknown[]): boolean | undefined => client.getQueryState(key)?.isInvalidated;

test('a page that was renamed is renamed in every list, and above the page below it', () => {
  happens({ kind: 'page', page: row('a', { title: 'New' }) });
  expect(findRow(client, 'a')?.title).toBe('New');
  expect(client.getQueryData(homeQuery.queryKey)?.viewed[0]?.title).toBe('New');
  expect(client.getQueryData(pageQuery('b').queryKey)?.breadcrumb[0]?.title).toBe('New');
  expect(isStale(pagesQuery('s').queryKey)).toBe(false);
});

test('news that change nothing change no list', () => {
  const before = rowsOf(client, 's');
  putRows(client, [row('a'), row('c')]);
  expect(rowsOf(client, 's')).toBe(before);
});

test('a page that moved away is in one list only, and its open page is asked for again', () => {
  happens({ kind: 'page', page: row('b', { space: 't' }) });
  expect(ids('s')).toEqual(['a', 'c']);
  expect(ids('t')).toEqual(['z', 'b']);
  expect(isStale(pageQuery('b').queryKey)).toBe(true);
});

test('a page that is gone takes what is below it along', () => {
  happens({ kind: 'pageGone', id: 'a', space: 's' });
  expect(ids('s')).toEqual(['c']);
  expect(client.getQueryData(homeQuery.queryKey)).toMatchObject({ viewed: [], favourites: [] });
  expect(isStale(pageQuery('b').queryKey)).toBe(true);
});

test('a page told to be in the trash is gone, and so is one of which only the id is told', () => {
  client.setQueryData(['trash', 's'], []);
  happens({ kind: 'page', page: { ...row('c'), trashed: { at: 1, by: null } } });
  expect(ids('s')).toEqual(['a', 'b']);
  expect(isStale(['trash', 's'])).toBe(true);
  happens({ kind: 'pageGone', id: 'a' });
  expect(ids('s')).toEqual([]);
});

test('what was dropped can be put back', () => {
  const gone = dropRows(client, 'a');
  expect(gone.map(({ id }) => id).sort()).toEqual(['a', 'b']);
  putRows(client, gone);
  expect(ids('s').sort()).toEqual(['a', 'b', 'c']);
});

test('spaces come, change and go with their pages', () => {
  client.setQueryData(spacesQuery.queryKey, []);
  happens({ kind: 'space', space: { id: 't', slug: 'team', name: 'Team', level: 'edit' } });
  happens({ kind: 'space', space: { id: 't', slug: 'team', name: 'Our team', level: 'edit' } });
  expect(client.getQueryData(spacesQuery.queryKey)).toMatchObject([{ id: 't', name: 'Our team' }]);
  happens({ kind: 'spaceGone', id: 't' });
  expect(client.getQueryData(spacesQuery.queryKey)).toEqual([]);
  expect(client.getQueryData(pagesQuery('t').queryKey)).toBeUndefined();
});

test('after a greeting, what was fetched before it is asked for again', () => {
  happens({ kind: 'hello' });
  expect(isStale(pagesQuery('s').queryKey)).toBe(true);
  expect(isStale(homeQuery.queryKey)).toBe(true);
});

test('a notice is announced, and asked for', () => {
  client.setQueryData(noticesQuery.queryKey, { notices: [], unread: 0 });
  happens({ kind: 'notice' });
  expect(isStale(noticesQuery.queryKey)).toBe(true);
});

test('frames nobody knows are nothing', () => {
  expect(readHappening({ kind: 'dreamt' })).toBeNull();
  expect(readHappening({ kind: 'page', page: { id: 4 } })).toBeNull();
  expect(readHappening('x')).toBeNull();
});

test('a space stands by its name at once, as the server lists it', () => {
  const space = (id: string, name: string) => readSpace({ id, name, slug: id }) as Space;
  client.setQueryData(spacesQuery.queryKey, [space('1', 'Boats'), space('2', 'shoes')]);
  const names = () => client.getQueryData(spacesQuery.queryKey)?.map(({ name }) => name);
  putSpace(client, space('3', 'Kites'));
  expect(names()).toEqual(['Boats', 'Kites', 'shoes']);
  putSpace(client, space('1', 'Trains'));
  expect(names()).toEqual(['Kites', 'shoes', 'Trains']);
});

test('what is told while a list is on its way is newer than the list', async () => {
  let arrive: (rows: Row[]) => void = () => undefined;
  const list = new Promise<Row[]>((resolve) => {
    arrive = resolve;
  });
  const fetched = withNews(list, (rows, since) => correctRows('s', rows, since));
  happens({ kind: 'page', page: row('a', { title: 'New' }) });
  happens({ kind: 'page', page: row('c', { space: 't' }) });
  happens({ kind: 'page', page: row('d') });
  happens({ kind: 'pageGone', id: 'e', space: 's' });
  arrive([row('a'), row('b'), row('c'), row('e')]);
  expect((await fetched).map(({ id, title }) => `${id} ${title}`)).toEqual(['a New', 'b b', 'd d']);
  // And older than the next one.
  expect(await withNews(Promise.resolve([row('a')]), (rows, since) => correctRows('s', rows, since))).toEqual(
    [row('a')],
  );
});

test('the answer to a move does not bring an older title back', () => {
  happens({ kind: 'page', page: row('a', { title: 'New' }) });
  const page = readPage({ ...row('a', { order: 'z' }), level: 'edit' });
  if (page === null) throw new Error('not a page');
  putAnswer(client, page);
  expect(findRow(client, 'a')).toMatchObject({ title: 'New', order: 'z' });
});
