import type { PageWish } from '../api/pages';
import { fields, list } from '../api/read';

/** Pages that were begun here and that the server has not made yet, for the next visit to go on with. */
const KEY = 'weft.begun';
/** More than this are made all the same, if only this visit lasts until the server is back. */
export const WISHES_MAX = 100;

export type Wish = PageWish & { id: string };

function readWish(value: unknown): Wish | null {
  const { id, space, parent } = fields(value);
  if (typeof id !== 'string' || typeof space !== 'string') return null;
  return typeof parent === 'string' ? { id, space, parent } : { id, space };
}

export function wishes(): Wish[] {
  try {
    return list(JSON.parse(localStorage.getItem(KEY) ?? '[]'))
      .map(readWish)
      .filter((wish) => wish !== null)
      .slice(0, WISHES_MAX);
  } catch {
    return [];
  }
}

function write(all: Wish[]): void {
  try {
    if (all.length === 0) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, JSON.stringify(all.slice(-WISHES_MAX)));
  } catch {
    // Blocked storage: the wish lasts as long as the tab.
  }
}

export const noteWish = (wish: Wish): void => write([...wishes().filter(({ id }) => id !== wish.id), wish]);
export const strikeWish = (id: string): void => {
  if (wishes().some((wish) => wish.id === id)) write(wishes().filter((wish) => wish.id !== id));
};
