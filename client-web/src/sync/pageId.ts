/** 24 characters of 32 are 120 bits: nobody guesses a page, and two never meet. */
export const PAGE_ID_CHARACTERS = 24;
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';
const PREFIX = 'page/';
const PAGE_ID = /^[a-z0-9_-]{22,64}$/;

export function newPageId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(PAGE_ID_CHARACTERS));
  return Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

export function documentOf(pageId: string): string {
  return `${PREFIX}${pageId}`;
}

export function isPageId(text: string): boolean {
  return PAGE_ID.test(text);
}

/** The page whose content is document `name`, or null when it belongs to another app. */
export function pageOf(name: string): string | null {
  if (!name.startsWith(PREFIX)) return null;
  const id = name.slice(PREFIX.length);
  return isPageId(id) ? id : null;
}
