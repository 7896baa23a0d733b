import * as Y from 'yjs';
import { documentOf } from './pageId';
import { registry } from './registry';
import { TITLE_FIELD } from './schema';
import type { Session } from './session';

/** How long a page that is not open may take to open, so that its title can be changed. */
const OPENING_MS = 10_000;

/** The title as one line of plain text, without ever changing the document. */
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

const firstText = (line: Y.XmlElement): Y.XmlText | null => {
  const [text, ...more] = line.toArray();
  return text instanceof Y.XmlText && more.length === 0 ? text : null;
};

/** Changes only the letters that differ, so that somebody who types in the title at the same moment loses none. */
export function retitle(doc: Y.Doc, title: string): void {
  const wanted = title.replace(/\s+/g, ' ').trim();
  if (wanted === titleText(doc)) return;
  doc.transact(() => {
    const lines = doc.getXmlFragment(TITLE_FIELD);
    const [only] = lines.toArray();
    const text = lines.length === 1 && only instanceof Y.XmlElement ? firstText(only) : null;
    if (text === null) {
      const line = new Y.XmlElement('paragraph');
      line.insert(0, [new Y.XmlText(wanted)]);
      lines.delete(0, lines.length);
      lines.insert(0, [line]);
      return;
    }
    const before = text.toString();
    const shorter = Math.min(before.length, wanted.length);
    let start = 0;
    while (start < shorter && before[start] === wanted[start]) start += 1;
    let end = 0;
    while (end < shorter - start && before[before.length - 1 - end] === wanted[wanted.length - 1 - end])
      end += 1;
    text.delete(start, before.length - start - end);
    text.insert(start, wanted.slice(start, wanted.length - end));
  });
}

function untilReady(session: Session): Promise<boolean> {
  return new Promise((resolve) => {
    let stop: () => void = () => undefined;
    const end = (isReady: boolean): void => {
      clearTimeout(timer);
      stop();
      resolve(isReady);
    };
    const timer = setTimeout(() => end(false), OPENING_MS);
    const look = (): void => {
      const { ready, miss, readOnly, save } = session.getView();
      if (miss !== null || readOnly || save.kind === 'denied') end(false);
      else if (ready) end(true);
    };
    stop = session.subscribe(look);
    look();
  });
}

/** Gives a page another title by opening its document. False when that page cannot be changed from here. */
export async function retitlePage(pageId: string, title: string): Promise<boolean> {
  const name = documentOf(pageId);
  const session = registry.acquire(name);
  try {
    if (!(await untilReady(session))) return false;
    retitle(session.doc, title);
    return true;
  } finally {
    // The registry keeps it until the edit is stored.
    registry.release(name);
  }
}
