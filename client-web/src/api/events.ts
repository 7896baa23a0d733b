import { type Notice, readNotice } from './notices';
import { type Row, readRow } from './pages';
import { count, fields, words } from './read';
import { listen } from './socket';
import { readSpace, type Space } from './spaces';

/** What the server tells without being asked. */
export type Happening =
  | { kind: 'hello' }
  | { kind: 'page'; page: Row }
  | { kind: 'pageGone'; id: string; space: string }
  | { kind: 'space'; space: Space }
  | { kind: 'spaceGone'; id: string }
  | { kind: 'person' }
  | { kind: 'rights' }
  | { kind: 'notice'; notice: Notice; unread: number }
  | { kind: 'signedOut' };

/** Null for what this client does not know, or what does not make sense. */
export function readHappening(value: unknown): Happening | null {
  const frame = fields(value);
  switch (frame.kind) {
    case 'hello':
    case 'person':
    case 'rights':
    case 'signedOut':
      return { kind: frame.kind };
    case 'page': {
      const page = readRow(frame.page);
      return page && { kind: 'page', page };
    }
    case 'pageGone':
      return typeof frame.id === 'string'
        ? { kind: 'pageGone', id: frame.id, space: words(frame.space) }
        : null;
    case 'space': {
      const space = readSpace(frame.space);
      return space && { kind: 'space', space };
    }
    case 'spaceGone':
      return typeof frame.id === 'string' ? { kind: 'spaceGone', id: frame.id } : null;
    case 'notice': {
      const notice = readNotice(frame.notice);
      return notice && { kind: 'notice', notice, unread: count(frame.unread) };
    }
    default:
      return null;
  }
}

/** Hears what happens until the returned function is called. A second `hello` means that something may have been missed. */
export function listenToEvents(onHappening: (happening: Happening) => void): () => void {
  return listen('/api/events', (frame) => {
    const happening = readHappening(frame);
    if (happening !== null) onHappening(happening);
  });
}
