import { count, each, fields, get, moment, send, text, words } from './read';

/** Something that happened and concerns one. */
export interface Notice {
  id: string;
  kind: string;
  page: string | null;
  space: string | null;
  by: string | null;
  at: number;
  read: boolean;
}

export function readNotice(value: unknown): Notice | null {
  const { id, kind, page, space, by, at, read } = fields(value);
  if (typeof id !== 'string') return null;
  return {
    id,
    kind: words(kind),
    page: text(page) ?? text(fields(page).id),
    space: text(space) ?? text(fields(space).id),
    by: text(by) ?? text(fields(by).id),
    at: count(at),
    read: read === true || moment(read) !== null,
  };
}

export interface Notices {
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
