import type { Place, Row } from '../api/pages';
import { between } from './order';

/** A space's pages, in order below each parent. Null stands for the space itself. */
export type Tree = ReadonlyMap<string | null, readonly Row[]>;

const byOrder = (a: Row, b: Row): number => {
  if (a.order !== b.order) return a.order < b.order ? -1 : 1;
  return a.id < b.id ? -1 : 1;
};

/**
 * A page whose parent one may not see stands at the top. So does one in a circle, which can only come from two moves
 * that crossed: better shown in the wrong place than not at all.
 */
export function growTree(rows: readonly Row[]): Tree {
  const known = new Map(rows.map((row) => [row.id, row]));
  const tree = new Map<string | null, Row[]>();
  const add = (parent: string | null, row: Row): void => {
    const siblings = tree.get(parent);
    if (siblings === undefined) tree.set(parent, [row]);
    else siblings.push(row);
  };
  const circling = inCircles(known);
  for (const row of rows) {
    const stays = row.parent !== null && known.has(row.parent) && !circling.has(row.id);
    add(stays ? row.parent : null, row);
  }
  for (const siblings of tree.values()) siblings.sort(byOrder);
  return tree;
}

function inCircles(known: ReadonlyMap<string, Row>): Set<string> {
  const circling = new Set<string>();
  const seen = new Set<string>();
  for (const start of known.keys()) {
    const way: string[] = [];
    let at: string | null = start;
    while (at !== null && !seen.has(at)) {
      seen.add(at);
      way.push(at);
      at = known.get(at)?.parent ?? null;
    }
    const from = at === null ? -1 : way.indexOf(at);
    if (from >= 0) for (const id of way.slice(from)) circling.add(id);
  }
  return circling;
}

/** The page and everything below it. */
export function withBelow(rows: readonly Row[], id: string): Row[] {
  const below = new Map<string, Row[]>();
  for (const row of rows) {
    if (row.parent === null) continue;
    const siblings = below.get(row.parent);
    if (siblings === undefined) below.set(row.parent, [row]);
    else siblings.push(row);
  }
  const found = new Map<string, Row>();
  const waiting = rows.filter((row) => row.id === id);
  while (waiting.length > 0) {
    const row = waiting.pop();
    if (row === undefined || found.has(row.id)) continue;
    found.set(row.id, row);
    waiting.push(...(below.get(row.id) ?? []));
  }
  return [...found.values()];
}

/** The pages above `id`, from the top down, without itself. */
export function pathTo(rows: readonly Row[], id: string): Row[] {
  const known = new Map(rows.map((row) => [row.id, row]));
  const path: Row[] = [];
  const seen = new Set([id]);
  let at = known.get(id)?.parent ?? null;
  while (at !== null && !seen.has(at)) {
    seen.add(at);
    const row = known.get(at);
    if (row === undefined) break;
    path.unshift(row);
    at = row.parent;
  }
  return path;
}

const siblingsAt = (rows: readonly Row[], parent: string | null, without: string): readonly Row[] =>
  (growTree(rows).get(parent) ?? []).filter((row) => row.id !== without);

/** Where a page is now, as a place that it can be moved back to. */
export function placeOf(rows: readonly Row[], row: Row): Place {
  const siblings = growTree(rows).get(row.parent) ?? [];
  const index = siblings.findIndex((one) => one.id === row.id);
  return { space: row.space, parent: row.parent, after: siblings[index - 1]?.id ?? null };
}

/** A key that puts a page where it is to go, among the pages of that space. */
export function orderAt(rows: readonly Row[], place: Place, id: string): string {
  const siblings = siblingsAt(rows, place.parent, id);
  let index = siblings.length;
  if (place.after === null) index = 0;
  else if (place.after !== undefined) {
    const after = siblings.findIndex((row) => row.id === place.after);
    if (after >= 0) index = after + 1;
  }
  return between(siblings[index - 1]?.order ?? null, siblings[index]?.order ?? null);
}

/** A page cannot go below itself. */
export function isCircle(rows: readonly Row[], id: string, parent: string | null): boolean {
  return parent !== null && withBelow(rows, id).some((row) => row.id === parent);
}

/** The rows that a move changes, as they are afterwards: the page itself, and in another space all that is below it. */
export function moved(from: readonly Row[], to: readonly Row[], id: string, place: Place): Row[] {
  return withBelow(from, id).map((row) =>
    row.id === id
      ? { ...row, space: place.space, parent: place.parent, order: orderAt(to, place, id) }
      : { ...row, space: place.space },
  );
}
