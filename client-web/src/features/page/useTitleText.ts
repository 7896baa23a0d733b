import { useCallback, useSyncExternalStore } from 'react';
import * as Y from 'yjs';
import { TITLE_FIELD } from '../../sync';

/** The title's plain text, one line, without ever changing the document. */
export function titleText(doc: Y.Doc): string {
  const parts: string[] = [];
  for (const line of doc.getXmlFragment(TITLE_FIELD).toArray()) {
    if (!(line instanceof Y.XmlElement)) continue;
    const runs = line.toArray().flatMap((text) => (text instanceof Y.XmlText ? text.toDelta() : []));
    parts.push(
      runs.map((run: { insert: unknown }) => (typeof run.insert === 'string' ? run.insert : '')).join(''),
    );
  }
  return parts.join(' ').replace(/\s+/g, ' ').trim();
}

export function useTitleText(doc: Y.Doc): string {
  const subscribe = useCallback(
    (listener: () => void) => {
      const title = doc.getXmlFragment(TITLE_FIELD);
      title.observeDeep(listener);
      return () => title.unobserveDeep(listener);
    },
    [doc],
  );
  return useSyncExternalStore(subscribe, () => titleText(doc));
}
