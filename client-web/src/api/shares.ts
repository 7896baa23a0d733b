import { type Page, type Row, readPage, readRow } from './pages';
import { count, each, fields, get, moment, oneOf, part, send, sure, text } from './read';

export type ShareLevel = 'view' | 'edit';

/** A public link to a page. */
export interface Share {
  id: string;
  level: ShareLevel;
  /** The pages below it too. */
  subtree: boolean;
  hasPassword: boolean;
  expires: number | null;
  /** Search engines may list it. */
  indexed: boolean;
  created: number;
  by: string | null;
  /** Known only right after it was made. */
  link: string | null;
}

function readShare(value: unknown): Share | null {
  const one = fields(value);
  if (typeof one.id !== 'string') return null;
  return {
    id: one.id,
    level: oneOf(one.level, ['view', 'edit'], 'view'),
    subtree: one.subtree === true,
    hasPassword: one.hasPassword === true,
    expires: moment(one.expires),
    indexed: one.indexed === true,
    created: count(one.created),
    by: text(one.by) ?? text(fields(one.by).name),
    link: text(one.link),
  };
}

export interface ShareWish {
  level: ShareLevel;
  subtree?: boolean;
  /** Null takes it away. */
  password?: string | null;
  expires?: number | null;
  indexed?: boolean;
}

const at = (id: string, more = ''): string => `/api/shares/${part(id)}${more}`;

export async function listShares(page: string, signal?: AbortSignal): Promise<Share[]> {
  return each((await get(`/api/pages/${part(page)}/shares`, signal)).shares, readShare);
}

export async function makeShare(page: string, wish: ShareWish): Promise<Share> {
  return sure(readShare(await send('POST', `/api/pages/${part(page)}/shares`, wish)));
}

export async function changeShare(id: string, change: Partial<ShareWish>): Promise<void> {
  await send('PATCH', at(id), change);
}

export async function revokeShare(id: string): Promise<void> {
  await send('DELETE', at(id));
}

/** A new link; the old one ends. */
export async function renewShare(id: string): Promise<string> {
  return sure(text((await send('POST', at(id, '/link'))).link));
}

/** What is behind a public link. Without `page` a password is asked for first. */
export interface Shared {
  page: Page | null;
  pages: Row[];
  needsPassword: boolean;
}

export async function readShared(secret: string, signal?: AbortSignal): Promise<Shared> {
  const { page, pages, needsPassword } = await get(`/api/shared/${part(secret)}`, signal);
  return { page: readPage(page), pages: each(pages, readRow), needsPassword: needsPassword === true };
}

export async function unlockShared(secret: string, password: string): Promise<void> {
  await send('POST', `/api/shared/${part(secret)}/unlock`, { password });
}
