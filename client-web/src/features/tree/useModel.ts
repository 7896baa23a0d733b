import { useQueries } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Space } from '../../api/spaces';
import { readPagePart } from '../../wiki/address';
import { pagesQuery } from '../../wiki/queries';
import { pathTo } from '../../wiki/tree';
import { storedExpanded, storeExpanded } from './expanded';
import { buildModel, type Model, spaceKey, spaceOfKey } from './model';

/** On the first visit so many spaces are open. */
const OPEN_AT_FIRST = 2;

export interface Here {
  /** The page that is looked at, and its space's slug. */
  page: string | null;
  space: string | null;
}

export function useHere(): Here {
  const { space, page } = useParams({ strict: false }) as { space?: string; page?: string };
  return { space: space ?? null, page: page === undefined ? null : readPagePart(page) };
}

/** What is open, kept for the next visit; the tree asks for the same item more than once. */
export function useExpanded(spaces: readonly Space[]) {
  const [own, setOwn] = useState(storedExpanded);
  const first = useMemo(() => spaces.slice(0, OPEN_AT_FIRST).map((space) => spaceKey(space.id)), [spaces]);
  const expanded = own ?? first;
  const latest = useRef(expanded);
  latest.current = expanded;
  const set = useCallback((change: string[] | ((before: string[]) => string[])): void => {
    const next = typeof change === 'function' ? change(latest.current) : change;
    const unique = [...new Set(next)];
    // Another array that says the same would have all rows counted again.
    const { current } = latest;
    if (unique.length === current.length && unique.every((key, index) => key === current[index])) return;
    latest.current = unique;
    storeExpanded(unique);
    setOwn(unique);
  }, []);
  return [expanded, set] as const;
}

/** The tree of what is open; the pages of a space are asked for when it is. */
export function useModel(spaces: readonly Space[], expanded: readonly string[], here: Here): Model {
  const wanted = useMemo(() => {
    const ids = new Set(expanded.map(spaceOfKey).filter((id) => id !== null));
    const current = spaces.find((space) => space.slug === here.space);
    if (current !== undefined) ids.add(current.id);
    return spaces.filter((space) => ids.has(space.id)).map(({ id }) => id);
  }, [spaces, expanded, here.space]);
  const rows = useQueries({
    queries: wanted.map((id) => pagesQuery(id)),
    combine: (results) => results.map(({ data }) => data),
  });
  return useMemo(() => {
    const known = wanted.flatMap((id, index) => {
      const data = rows[index];
      return data === undefined ? [] : [[id, data] as const];
    });
    return buildModel(spaces, new Map(known));
  }, [spaces, wanted, rows]);
}

/** Opens the way to the page that is looked at, once for each. */
export function useReveal(
  model: Model,
  spaces: readonly Space[],
  here: Here,
  expand: (keys: string[]) => void,
): void {
  const revealed = useRef<string | null>(null);
  useEffect(() => {
    const space = spaces.find((one) => one.slug === here.space);
    if (here.page === null || space === undefined || revealed.current === here.page) return;
    const rows = model.rows(space.id);
    if (!rows.some((row) => row.id === here.page)) return;
    revealed.current = here.page;
    expand([spaceKey(space.id), ...pathTo(rows, here.page).map(({ id }) => id)]);
  }, [model, spaces, here.page, here.space, expand]);
}
