import type { QueryClient } from '@tanstack/react-query';
import { type Happening, listenToEvents } from '../api/events';
import { takeOwed } from '../api/kept';
import type { Page } from '../api/pages';
import { dropRows, dropSpace, findRow, putRows, putSpace } from './cache';
import { noticesQuery, pageQuery } from './queries';

/** What is asked for again when nobody knows what was missed. */
const OURS: ReadonlySet<unknown> = new Set([
  'spaces',
  'space',
  'pages',
  'page',
  'trash',
  'home',
  'shares',
  'people',
  'groups',
  'notices',
  'find',
]);

/** What may have been answered from memory, see `api/kept.ts`. */
const REMEMBERED: ReadonlySet<unknown> = new Set([
  'server',
  'me',
  'spaces',
  'pages',
  'page',
  'home',
  'notices',
]);

/** Asks again for everything that was fetched before `since`. */
function askAgain(client: QueryClient, since: number): void {
  void client.invalidateQueries({
    predicate: ({ queryKey, state }) => OURS.has(queryKey[0]) && state.dataUpdatedAt <= since,
  });
}

/** Brings what is known up to date with what the server told. `now` is in milliseconds since 1970. */
export function applyHappening(client: QueryClient, happening: Happening, now: number): void {
  switch (happening.kind) {
    case 'hello':
      askAgain(client, now);
      break;
    case 'rights':
      void client.invalidateQueries({ queryKey: ['me'] });
      askAgain(client, now);
      break;
    case 'page': {
      const { page } = happening;
      const before = findRow(client, page.id);
      putRows(client, [page]);
      const hasMoved = before === undefined || before.parent !== page.parent || before.space !== page.space;
      const hasTurned = before?.restricted !== page.restricted || before?.archived !== page.archived;
      // Where it stands and who sees it is more than its row says.
      if (hasMoved || hasTurned) void client.invalidateQueries({ queryKey: pageQuery(page.id).queryKey });
      if (before !== undefined && before.space !== page.space) {
        void client.invalidateQueries({ queryKey: ['pages'] });
      }
      const open = client.getQueryData<Page>(pageQuery(page.id).queryKey);
      if (open?.trashed != null) {
        void client.invalidateQueries({ queryKey: pageQuery(page.id).queryKey });
        void client.invalidateQueries({ queryKey: ['trash'] });
      }
      break;
    }
    case 'pageGone': {
      const gone = dropRows(client, happening.id);
      const space = happening.space ?? gone[0]?.space;
      void client.invalidateQueries({ queryKey: space === undefined ? ['trash'] : ['trash', space] });
      for (const id of new Set([happening.id, ...gone.map((row) => row.id)])) {
        void client.invalidateQueries({ queryKey: pageQuery(id).queryKey });
      }
      // What was below it may have lost only its parent.
      if (gone.length > 1) void client.invalidateQueries({ queryKey: ['pages', space] });
      break;
    }
    case 'space':
      putSpace(client, happening.space);
      void client.invalidateQueries({ queryKey: ['space', happening.space.id] });
      break;
    case 'spaceGone':
      dropSpace(client, happening.id);
      break;
    case 'person':
      void client.invalidateQueries({ queryKey: ['people'] });
      void client.invalidateQueries({ queryKey: ['groups'] });
      void client.invalidateQueries({ queryKey: ['me'] });
      break;
    case 'notice':
      void client.invalidateQueries({ queryKey: noticesQuery.queryKey });
      break;
    case 'signedOut':
      break;
  }
}

/** How often a server that could not be reached is asked again for what was answered from memory. */
const ASK_AGAIN_MS = 4_000;

export interface Ears {
  onSignedOut: () => void;
  /** The line is there, for the first time or again. */
  onHello: () => void;
}

/** Follows the server for as long as somebody is signed in. */
export function followServer(client: QueryClient, { onSignedOut, onHello }: Ears): () => void {
  const stop = listenToEvents((happening) => {
    applyHappening(client, happening, Date.now());
    if (happening.kind === 'signedOut') onSignedOut();
    if (happening.kind === 'hello') onHello();
  });
  const payBack = (): void => {
    if (takeOwed() === 0) return;
    void client.invalidateQueries({ predicate: ({ queryKey }) => REMEMBERED.has(queryKey[0]) });
  };
  const timer = setInterval(payBack, ASK_AGAIN_MS);
  window.addEventListener('online', payBack);
  return () => {
    stop();
    clearInterval(timer);
    window.removeEventListener('online', payBack);
  };
}
