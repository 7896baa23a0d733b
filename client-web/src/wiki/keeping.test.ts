import { QueryClient } from '@tanstack/react-query';
import { afterEach, expect, test, vi } from 'vitest';
import { recall, takeOwed } from '../api/kept';
import { getPage, listPages, type Page, readPage } from '../api/pages';
import { listSpaces, readSpace, type Space } from '../api/spaces';
import { putRows, putSpace } from './cache';
import { keepChanges } from './keeping';
import { pageQuery, pagesQuery, spacesQuery } from './queries';

afterEach(() => {
  vi.unstubAllGlobals();
  takeOwed();
});

const page = readPage({
  id: 'p1',
  space: 's1',
  parent: 'p0',
  order: 'a0',
  title: 'Plan',
  icon: '🌱',
  restricted: true,
  updated: 5,
  updatedBy: 'anna',
  level: 'edit',
  slug: 'plan',
  breadcrumb: [{ id: 'p0', title: 'Up', icon: null }],
  grants: [{ who: { person: 'anna' }, level: 'manage' }],
  audience: {
    kind: 'people',
    spaceName: 'Home',
    people: [{ id: 'anna', name: 'Anna' }],
    groups: [],
    more: 1,
    link: true,
  },
}) as Page;
const space = readSpace({
  id: 's1',
  slug: 'home',
  name: 'Home',
  level: 'edit',
  members: 'view',
  archived: false,
}) as Space;

test('what changed since the server was asked is read from memory as it was, field by field', async () => {
  const client = new QueryClient();
  client.setQueryData(spacesQuery.queryKey, []);
  client.setQueryData(pagesQuery('s1').queryKey, []);
  const stop = keepChanges(client);
  putSpace(client, space);
  client.setQueryData(pageQuery('p1').queryKey, page);
  putRows(client, [{ ...page, title: 'Plan B' }]);
  await vi.waitFor(async () => expect(await recall('/api/spaces/s1/pages')).toBeDefined());
  stop();
  client.clear();
  vi.stubGlobal(
    'fetch',
    vi.fn(async () => {
      throw new TypeError('Failed to fetch');
    }),
  );
  expect(await listSpaces()).toEqual([space]);
  expect(await getPage('p1')).toEqual({ ...page, title: 'Plan B' });
  const [row] = await listPages('s1');
  expect(row).toMatchObject({ id: 'p1', title: 'Plan B', parent: 'p0', updatedBy: 'anna' });
});
