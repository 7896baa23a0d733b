import { type Row, readRow } from './pages';
import { fields, isObject, text } from './read';
import { listen } from './socket';
import { readSpace, type Space } from './spaces';

/** What the server tells without being asked. */
export type Happening =
  | { kind: 'hello' }
  | { kind: 'page'; page: Row }
  /** `space` is null when the server does not say where it was. */
  | { kind: 'pageGone'; id: string; space: string | null }
  | { kind: 'space'; space: Space }
  | { kind: 'spaceGone'; id: string }
  | { kind: 'person' }
  | { kind: 'rights' }
  /** One is told of something, or has seen what one was told. */
  | { kind: 'notice' }
  | { kind: 'signedOut' };

/** Null for what this client does not know, or what does not make sense. */
export function readHappening(value: unknown): Happening | null {
  const frame = fields(value);
  switch (frame.kind) {
    case 'hello':
    case 'person':
    case 'rights':
    case 'notice':
    case 'signedOut':
      return { kind: frame.kind };
    case 'page': {
      const page = readRow(frame.page);
      if (page === null) return null;
      // In the trash it stands in no list of pages any more.
      if (isObject(fields(frame.page).trashed)) return { kind: 'pageGone', id: page.id, space: page.space };
      return { kind: 'page', page };
    }
    case 'pageGone':
      return typeof frame.id === 'string'
        ? { kind: 'pageGone', id: frame.id, space: text(frame.space) }
        : null;
    case 'space': {
      const space = readSpace(frame.space);
      return space && { kind: 'space', space };
    }
    case 'spaceGone':
      return typeof frame.id === 'string' ? { kind: 'spaceGone', id: frame.id } : null;
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
