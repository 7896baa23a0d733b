import { isPageId } from '../sync/pageId';

/** In Unicode characters; an address is there to be read, not to repeat the page. */
export const SLUG_CHARACTERS_MAX = 60;

/** The first words of addresses that are no space. */
export const RESERVED_WORDS: ReadonlySet<string> = new Set(
  'setup sign-in invite reset s settings room admin api ws live ready metrics assets page app'.split(' '),
);

/** Letters and digits of every script stay, the rest becomes single hyphens. Empty when nothing is left. */
export function slugOf(title: string): string {
  const words = title
    .normalize('NFKC')
    .toLowerCase()
    .replace(/['’]/gu, '')
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, '-')
    .replace(/^-+|-+$/g, '');
  return Array.from(words).slice(0, SLUG_CHARACTERS_MAX).join('').replace(/-+$/, '');
}

/** The page's part of its address: what it is called, for people, and its id, which alone counts. */
export function pagePart(id: string, title: string): string {
  // An id with a hyphen could not be told from a title before it; a leading hyphen says that there is none.
  if (id.includes('-')) return `-${id}`;
  const slug = slugOf(title);
  return slug === '' ? id : `${slug}-${id}`;
}

/** The id in a page's part of an address, or null when there is none in it. */
export function readPagePart(part: string): string | null {
  if (part.startsWith('-')) return isPageId(part.slice(1)) ? part.slice(1) : null;
  const last = part.slice(part.lastIndexOf('-') + 1);
  if (isPageId(last)) return last;
  return isPageId(part) ? part : null;
}

/** The address on this server, percent-encoded; by its id alone where the space cannot be seen. */
export function pagePath(spaceSlug: string | null, id: string, title: string): string {
  if (spaceSlug === null) return `/page/${id}`;
  return `/${encodeURIComponent(spaceSlug)}/${encodeURIComponent(pagePart(id, title))}`;
}

/** The whole address as it stands in a link that is copied. */
export const pageLink = (spaceSlug: string | null, id: string, title: string): string =>
  window.location.origin + pagePath(spaceSlug, id, title);
