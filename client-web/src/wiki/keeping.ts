import type { Query, QueryClient } from '@tanstack/react-query';
import { keep } from '../api/kept';
import { part } from '../api/read';

/** Titles change with every key; what is kept may be so far behind. */
const KEEP_AFTER_MS = 400;

/** Where an answer is asked for, and what it looks like there. Null for what is not kept. */
function answerOf({ queryKey: [what, id], state: { data } }: Query): [path: string, body: object] | null {
  if (what === 'spaces') return ['/api/spaces', { spaces: data }];
  if (what === 'pages') return [`/api/spaces/${part(String(id))}/pages`, { pages: data }];
  if (what === 'page') return [`/api/pages/${part(String(id))}`, data as object];
  return null;
}

/**
 * Keeps what is known of spaces and pages in step with what was told and done since the server was asked: else a page begun
 * today would be in no list of a browser that is without a server tomorrow. Until the returned function is called.
 */
export function keepChanges(client: QueryClient): () => void {
  const changed = new Set<Query>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const write = (): void => {
    clearTimeout(timer);
    timer = undefined;
    for (const query of changed) {
      const answer = query.state.data === undefined ? null : answerOf(query);
      if (answer !== null) void keep(...answer);
    }
    changed.clear();
  };
  const stop = client.getQueryCache().subscribe((event) => {
    // What the server answered is kept as it was (`api/read.ts`).
    const isOurs =
      event.type === 'updated' && event.action.type === 'success' && event.action.manual === true;
    if (!isOurs || answerOf(event.query) === null) return;
    changed.add(event.query);
    timer ??= setTimeout(write, KEEP_AFTER_MS);
  });
  window.addEventListener('pagehide', write);
  return () => {
    stop();
    clearTimeout(timer);
    window.removeEventListener('pagehide', write);
  };
}
