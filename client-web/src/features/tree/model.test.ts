import { expect, test } from 'vitest';
import { type Row, readRow } from '../../api/pages';
import { readSpace, type Space } from '../../api/spaces';
import { buildModel, placeFor, ROOT, spaceKey } from './model';

const space = (id: string, more = {}): Space => readSpace({ id, slug: id, name: id, ...more }) as Space;
const row = (id: string, parent: string | null, order: string, more = {}): Row =>
  readRow({ id, space: 's', parent, order, title: id, ...more }) as Row;

const model = buildModel(
  [space('s'), space('t'), space('old', { archived: true })],
  new Map([
    [
      's',
      [row('b', null, 'b'), row('a', null, 'a'), row('c', 'a', 'a'), row('x', null, 'c', { archived: true })],
    ],
  ]),
);

test('spaces stand at the top, their pages below them, archived ones of both are out of the way', () => {
  expect(model.children(ROOT)).toEqual([spaceKey('s'), spaceKey('t')]);
  expect(model.children(spaceKey('s'))).toEqual(['a', 'b']);
  expect(model.children('a')).toEqual(['c']);
  expect(model.children('c')).toEqual([]);
  expect(model.children(spaceKey('t'))).toEqual([]);
  expect(model.item('x')).toEqual({ kind: 'gone' });
});

test('what is dropped onto something becomes its last child', () => {
  expect(placeFor(model, spaceKey('t'), null, 'a')).toEqual({ space: 't', parent: null });
  expect(placeFor(model, 'b', null, 'a')).toEqual({ space: 's', parent: 'b' });
});

test('what is dropped between two follows the one before, not counting itself', () => {
  expect(placeFor(model, spaceKey('s'), 0, 'c')).toEqual({ space: 's', parent: null, after: null });
  expect(placeFor(model, spaceKey('s'), 1, 'c')).toEqual({ space: 's', parent: null, after: 'a' });
  expect(placeFor(model, spaceKey('s'), 2, 'b')).toEqual({ space: 's', parent: null, after: 'a' });
  expect(placeFor(model, spaceKey('s'), 1, 'a')).toEqual({ space: 's', parent: null, after: null });
});

test('nothing is dropped onto the root', () => {
  expect(placeFor(model, ROOT, 0, 'a')).toBeNull();
  expect(placeFor(model, 'nowhere', null, 'a')).toBeNull();
});
