/**
 * Which documents hold edits that the server has not taken yet. The edits themselves are in IndexedDB, one database a
 * document; this short list is how the next visit knows which of them to open and send.
 */
const KEY = 'weft.unsent';

/** More than this are not remembered by name; they are sent when their page is next opened. */
export const UNSENT_MAX = 100;

export function unsentDocuments(): string[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    if (!Array.isArray(list)) return [];
    return list.filter((name): name is string => typeof name === 'string').slice(0, UNSENT_MAX);
  } catch {
    return [];
  }
}

function write(names: string[]): void {
  try {
    if (names.length === 0) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, JSON.stringify(names.slice(-UNSENT_MAX)));
  } catch {
    // Blocked storage: the edits are still sent when their page is next opened.
  }
}

export function noteUnsent(name: string, unsent: boolean): void {
  const names = unsentDocuments();
  if (names.includes(name) === unsent) return;
  write(unsent ? [...names, name] : names.filter((other) => other !== name));
}
