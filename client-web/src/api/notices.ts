import { count, each, fields, get, send, words } from './read';

export const NOTICE_KINDS = ['spaceGranted', 'pageGranted', 'pageEdited', 'pageTrashed'] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** By id, and by what it is called. */
export interface Named {
  id: string;
  name: string;
}

/** Something that happened and concerns one. */
export interface Notice {
  id: string;
  /** Null for what this client does not know. */
  kind: NoticeKind | null;
  /** What it is about, as far as one may see that. */
  page: Named | null;
  space: Named | null;
  /** Whose doing it was. */
  by: Named | null;
  at: number;
  read: boolean;
}

function named(value: unknown): Named | null {
  const { id, name } = fields(value);
  return typeof id === 'string' ? { id, name: words(name) } : null;
}

export function readNotice(value: unknown): Notice | null {
  const { id, kind, page, space, by, at, read } = fields(value);
  if (typeof id !== 'string') return null;
  return {
    id,
    kind: NOTICE_KINDS.find((known) => known === kind) ?? null,
    page: named(page),
    space: named(space),
    by: named(by),
    at: count(at),
    read: read === true,
  };
}

export interface Notices {
  /** The newest first. */
  notices: Notice[];
  unread: number;
}

export async function listNotices(signal?: AbortSignal): Promise<Notices> {
  const answer = await get('/api/notices', signal);
  return { notices: each(answer.notices, readNotice), unread: count(answer.unread) };
}

/** Everything up to that moment was seen, in milliseconds since 1970. */
export async function readNotices(upTo: number): Promise<void> {
  await send('POST', '/api/notices/read', { upTo });
}
