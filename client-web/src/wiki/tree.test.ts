import { expect, test } from 'vitest';
import type { Row } from '../api/pages';
import { growTree, isCircle, moved, orderAt, pathTo, placeOf, withBelow } from './tree';

const row = (id: string, parent: string | null, order: string, space = 's'): Row => ({
  id,
  space,
  parent,
  order,
  title: id,
  icon: null,
  restricted: false,
  template: false,
  archived: false,
  updated: 0,
  updatedBy: null,
  created: 0,
  createdBy: null,
});

const rows = [
  row('b', null, 'm'),
  row('a', null, 'c'),
  row('a2', 'a', 'm'),
  row('a1', 'a', 'c'),
  row('a1x', 'a1', 'a'),
];
const ids = (list: readonly Row[] | undefined): string[] => (list ?? []).map(({ id }) => id);

test('children stand in their order below their parents', () => {
  const tree = growTree(rows);
  expect(ids(tree.get(null))).toEqual(['a', 'b']);
  expect(ids(tree.get('a'))).toEqual(['a1', 'a2']);
  expect(ids(growTree([row('y', null, 'k'), row('x', null, 'k')]).get(null))).toEqual(['x', 'y']);
});

test('a page whose parent is hidden stands at the top, with what is below it', () => {
  const tree = growTree([row('p', 'hidden', 'a'), row('q', 'p', 'a')]);
  expect(ids(tree.get(null))).toEqual(['p']);
  expect(ids(tree.get('p'))).toEqual(['q']);
});

test('pages in a circle are shown, at the top', () => {
  const tree = growTree([row('p', 'q', 'a'), row('q', 'p', 'b'), row('r', 'q', 'a')]);
  expect(ids(tree.get(null))).toEqual(['p', 'q']);
  expect(ids(tree.get('q'))).toEqual(['r']);
  expect(ids(pathTo([row('p', 'q', 'a'), row('q', 'p', 'b')], 'p'))).toEqual(['q']);
});

test('what is below a page, and the way to it', () => {
  expect(ids(withBelow(rows, 'a')).sort()).toEqual(['a', 'a1', 'a1x', 'a2']);
  expect(ids(pathTo(rows, 'a1x'))).toEqual(['a', 'a1']);
  expect(isCircle(rows, 'a', 'a1x')).toBe(true);
  expect(isCircle(rows, 'a', 'a')).toBe(true);
  expect(isCircle(rows, 'a1', 'b')).toBe(false);
  expect(isCircle(rows, 'a', null)).toBe(false);
});

test('a moved page stands where it was put, and can be moved back', () => {
  const back = placeOf(rows, rows[3] as Row);
  expect(back).toEqual({ space: 's', parent: 'a', after: null });
  const away = moved(rows, rows, 'a1', { space: 's', parent: null, after: 'a' });
  const merged = (changed: Row[], all: Row[]) =>
    all.map((one) => changed.find(({ id }) => id === one.id) ?? one);
  const after = merged(away, rows);
  expect(ids(growTree(after).get(null))).toEqual(['a', 'a1', 'b']);
  expect(ids(growTree(after).get('a1'))).toEqual(['a1x']);
  expect(
    growTree(merged(moved(after, after, 'a1', back), after))
      .get('a')
      ?.map(({ id }) => id),
  ).toEqual(['a1', 'a2']);
});

test('first, last, and after somebody who is gone', () => {
  const at = (after?: string | null): string =>
    orderAt(rows, { space: 's', parent: 'a', ...(after === undefined ? {} : { after }) }, 'new');
  expect(at(null) < 'c').toBe(true);
  expect(at() > 'm').toBe(true);
  expect(at('gone') > 'm').toBe(true);
  expect(at('a1') > 'c' && at('a1') < 'm').toBe(true);
});

test('into another space it takes along what is below it', () => {
  const there = [row('z', null, 'k', 't')];
  const changed = moved(rows, there, 'a1', { space: 't', parent: 'z' });
  expect(changed.map(({ id, space, parent }) => [id, space, parent])).toEqual([
    ['a1', 't', 'z'],
    ['a1x', 't', 'a1'],
  ]);
});
