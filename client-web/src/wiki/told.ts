import type { Row } from '../api/pages';

/**
 * What became known of pages while lists of them were on their way: it is newer than what those lists say, which the server
 * wrote down before. Null is a page that is gone.
 */
interface News {
  row: Row | null;
  at: number;
}

const news = new Map<string, News>();
let clock = 0;
let underWay = 0;

/** Notes what a page is now, for lists that were asked for before and arrive after. */
export function noteRow(id: string, row: Row | null): void {
  clock += 1;
  if (underWay > 0) news.set(id, { row, at: clock });
}

/** Fetches something about pages and puts right what became known meanwhile. */
export async function withNews<T>(
  fetched: Promise<T>,
  correct: (value: T, since: ReadonlyMap<string, Row | null>) => T,
): Promise<T> {
  const start = clock;
  underWay += 1;
  try {
    const value = await fetched;
    const since = [...news].filter(([, { at }]) => at > start).map(([id, { row }]) => [id, row] as const);
    return since.length === 0 ? value : correct(value, new Map(since));
  } finally {
    underWay -= 1;
    if (underWay === 0) news.clear();
  }
}

/** The pages of `space` once the news are in. */
export function correctRows(space: string, rows: Row[], since: ReadonlyMap<string, Row | null>): Row[] {
  const here = new Set(rows.map(({ id }) => id));
  const known = rows.flatMap((row) => {
    const now = since.get(row.id);
    if (now === undefined) return [row];
    return now === null || now.space !== space ? [] : [now];
  });
  const added = [...since.values()].filter((row) => row !== null && row.space === space && !here.has(row.id));
  return [...known, ...(added as Row[])];
}
