import type { Place, Row } from '../../api/pages';
import type { Space } from '../../api/spaces';
import { growTree, type Tree } from '../../wiki/tree';

export const ROOT = 'root';
const SPACE = 'space:';

export const spaceKey = (id: string): string => SPACE + id;
export const spaceOfKey = (key: string): string | null =>
  key.startsWith(SPACE) ? key.slice(SPACE.length) : null;

/** One line of the sidebar's tree. */
export type Item =
  | { kind: 'root' }
  | { kind: 'space'; space: Space }
  | { kind: 'page'; row: Row }
  /** Asked for by the tree after it is gone; drawn as nothing. */
  | { kind: 'gone' };

/** All spaces with their pages as one tree, so that a page can be dragged from one to the other. */
export interface Model {
  item: (key: string) => Item;
  children: (key: string) => string[];
  rows: (space: string) => readonly Row[];
}

/** Archived pages are out of the way here; their space lists them. */
export function buildModel(spaces: readonly Space[], rowsOf: ReadonlyMap<string, readonly Row[]>): Model {
  const shown = spaces.filter((space) => !space.archived);
  const items = new Map<string, Item>(shown.map((space) => [spaceKey(space.id), { kind: 'space', space }]));
  const trees = new Map<string, Tree>();
  for (const [space, rows] of rowsOf) {
    const live = rows.filter((row) => !row.archived);
    trees.set(space, growTree(live));
    for (const row of live) items.set(row.id, { kind: 'page', row });
  }
  return {
    item: (key) => (key === ROOT ? { kind: 'root' } : (items.get(key) ?? { kind: 'gone' })),
    children: (key) => {
      if (key === ROOT) return shown.map((space) => spaceKey(space.id));
      const space = spaceOfKey(key);
      if (space !== null) return (trees.get(space)?.get(null) ?? []).map(({ id }) => id);
      const item = items.get(key);
      if (item?.kind !== 'page') return [];
      return (trees.get(item.row.space)?.get(key) ?? []).map(({ id }) => id);
    },
    rows: (space) => rowsOf.get(space) ?? [],
  };
}

/** Where something dropped goes: onto an item (as its last child), or before its `index`th child, among the others. */
export function placeFor(model: Model, key: string, index: number | null, dragged: string): Place | null {
  const item = model.item(key);
  if (item.kind !== 'space' && item.kind !== 'page') return null;
  const space = item.kind === 'space' ? item.space.id : item.row.space;
  const parent = item.kind === 'space' ? null : item.row.id;
  if (index === null) return { space, parent };
  const before = model
    .children(key)
    .slice(0, index)
    .filter((id) => id !== dragged);
  return { space, parent, after: before.at(-1) ?? null };
}
