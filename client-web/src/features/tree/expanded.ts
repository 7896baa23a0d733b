const KEY = 'weft.tree';
/** Old entries of pages that are gone must not pile up for ever. */
const ITEMS_MAX = 2_000;

/** Which items are open, from the last visit; null on the first. */
export function storedExpanded(): string[] | null {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? 'null');
    return Array.isArray(stored) ? stored.filter((id): id is string => typeof id === 'string') : null;
  } catch {
    return null;
  }
}

export function storeExpanded(items: readonly string[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(items.slice(-ITEMS_MAX)));
  } catch {
    // Blocked storage: the tree then opens as on the first visit.
  }
}
