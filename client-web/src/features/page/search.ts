/** What a page's address may say beside which page it is. */
export interface PageSearch {
  /** The page is looked at as it was: at a place in its log, or at wherever it stands now. */
  history?: number | 'now' | undefined;
  /** Compared with another place, or with where the session of that moment began. */
  compare?: number | 'session' | undefined;
}

const place = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;

/**
 * Reads an address as a stranger may have written it; what makes no sense is undefined. Not left out: the router would then
 * keep what stood there.
 */
export function readPageSearch(search: Record<string, unknown>): PageSearch {
  const history = search.history === 'now' ? 'now' : place(search.history);
  if (history === undefined) return { history, compare: undefined };
  const compare = search.compare === 'session' ? 'session' : place(search.compare);
  return { history, compare };
}
