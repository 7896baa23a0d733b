import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from 'react';

/** The places on the page where something changed, in the order of the page. */
export interface Changes {
  count: number;
  /** -1 before the first step. */
  index: number;
  go: (direction: 1 | -1) => void;
  /** To be called after every drawing. */
  refresh: () => void;
  /** What was stepped to last. */
  current: HTMLElement | null;
}

export const CHANGE_KINDS = ['added', 'removed', 'changed', 'moved', 'formatted'] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** What happened to something; what nobody here knows yet has changed all the same. */
export const changeKind = (kind: string | undefined): ChangeKind =>
  CHANGE_KINDS.find((known) => known === kind) ?? 'changed';

/** A block that is only said to have changed is no place of its own when what changed in it is marked. */
function isStop(element: HTMLElement): boolean {
  const { change } = element.dataset;
  if (change === 'changed') return element.querySelector('[data-change]') === null;
  return true;
}

export function changeStops(page: HTMLElement): HTMLElement[] {
  return [...page.querySelectorAll<HTMLElement>('[data-change]')].filter(isStop);
}

export function useChanges(page: RefObject<HTMLElement | null>): Changes {
  const [state, setState] = useState<{ count: number; index: number; current: HTMLElement | null }>({
    count: 0,
    index: -1,
    current: null,
  });
  const stops = useRef<HTMLElement[]>([]);
  const refresh = useCallback(() => {
    stops.current = page.current === null ? [] : changeStops(page.current);
    setState((before) => {
      const index = before.current === null ? -1 : stops.current.indexOf(before.current);
      const count = stops.current.length;
      if (before.count === count && before.index === index) return before;
      return { count, index, current: index < 0 ? null : before.current };
    });
  }, [page]);
  const at = useRef(-1);
  at.current = state.index;
  const go = useCallback((direction: 1 | -1) => {
    const count = stops.current.length;
    if (count === 0) return;
    const start = at.current < 0 && direction === -1 ? 0 : at.current;
    const index = (start + direction + count) % count;
    const current = stops.current[index] ?? null;
    if (current === null) return;
    current.tabIndex = -1;
    current.scrollIntoView({ block: 'center' });
    current.focus({ preventScroll: true });
    setState({ count, index, current });
  }, []);

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.defaultPrevented) return;
      if (event.target instanceof Element && event.target.closest('input, textarea, [role="menu"]')) return;
      const isArrow = event.altKey && (event.key === 'ArrowDown' || event.key === 'ArrowUp');
      const isLetter = !event.altKey && (event.code === 'KeyN' || event.code === 'KeyP');
      if (!isArrow && !isLetter) return;
      event.preventDefault();
      go(event.key === 'ArrowUp' || event.code === 'KeyP' ? -1 : 1);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [go]);

  return useMemo(() => ({ ...state, go, refresh }), [state, go, refresh]);
}
