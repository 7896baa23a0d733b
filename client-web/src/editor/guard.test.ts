import { Editor } from '@tiptap/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';
import type { Session } from '../sync';
import { findMiss, watchForMiss } from '../sync/gate';
import { bodyExtensions } from './body';
import { mountEditor } from './bound';
import { titleExtensions } from './title';

type Options = ConstructorParameters<typeof Editor>[0];

const editors: Editor[] = [];
beforeEach(() => {
  // What happy-dom lacks and ProseMirror asks of a browser.
  Range.prototype.getClientRects ??= () => [] as unknown as DOMRectList;
  document.elementFromPoint ??= () => null;
});
afterEach(() => {
  for (const editor of editors.splice(0)) editor.destroy();
});

/** The part of a session that an editor is mounted with: the document and the cry that something unknown comes. */
function guarded(doc: Y.Doc): Session {
  const listeners = new Set<() => void>();
  watchForMiss(doc, () => {
    for (const listener of [...listeners]) listener();
  });
  const onUnknownContent = (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return { doc, onUnknownContent } as unknown as Session;
}

const body = (doc: Y.Doc): Options => ({
  extensions: bodyExtensions({ doc, awareness: null, placeholder: () => '', onLeaveUp: () => undefined }),
});
const title = (doc: Y.Doc, onLeave = (): void => undefined): Options => ({
  extensions: titleExtensions({ doc, awareness: null, placeholder: () => '', onLeave }),
});

function mount(session: Session, options: Options): Editor {
  const editor = mountEditor(session, options as Parameters<typeof mountEditor>[1]);
  editors.push(editor);
  return editor;
}

const flush = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
const fingerprint = (doc: Y.Doc): string =>
  JSON.stringify([Array.from(Y.encodeStateVector(doc)), doc.getXmlFragment('default').toString()]);

function paragraph(content: string, marks: Record<string, unknown> = {}): Y.XmlElement {
  const made = new Y.XmlElement('paragraph');
  const text = new Y.XmlText();
  text.insert(0, content, marks);
  made.insert(0, [text]);
  return made;
}

function peerOf(doc: Y.Doc): Y.Doc {
  const peer = new Y.Doc();
  Y.applyUpdate(peer, Y.encodeStateAsUpdate(doc));
  return peer;
}

const send = (from: Y.Doc, to: Y.Doc): void =>
  Y.applyUpdate(to, Y.encodeStateAsUpdate(from, Y.encodeStateVector(to)), 'network');

test('without the gate the editor really deletes what it does not know: the danger is no invention', async () => {
  const doc = new Y.Doc();
  doc.getXmlFragment('default').insert(0, [paragraph('known'), new Y.XmlElement('kanban')]);
  editors.push(new Editor(body(doc)));
  await flush();
  expect(doc.getXmlFragment('default').toString()).not.toContain('kanban');
});

test('opening a page, whole or empty, writes nothing into it', async () => {
  for (const blocks of [[], [paragraph('text')], [new Y.XmlElement('horizontalRule')]]) {
    const doc = new Y.Doc();
    doc.getXmlFragment('default').insert(0, blocks);
    const before = fingerprint(doc);
    mount(guarded(doc), body(doc));
    mount(guarded(doc), title(doc));
    await flush();
    expect(fingerprint(doc)).toBe(before);
  }
});

test('other people’s edits are shown, and writing them into the view writes nothing back', async () => {
  const doc = new Y.Doc();
  doc.getXmlFragment('default').insert(0, [paragraph('first')]);
  const editor = mount(guarded(doc), body(doc));
  const peer = peerOf(doc);
  peer.getXmlFragment('default').insert(1, [paragraph('second')]);
  send(peer, doc);
  await flush();
  expect(editor.getText()).toContain('second');
  expect(fingerprint(doc)).toBe(fingerprint(peer));
});

const LATE: [string, (peer: Y.Doc) => void][] = [
  ['a block', (peer) => peer.getXmlFragment('default').insert(1, [new Y.XmlElement('kanban')])],
  ['a mark', (peer) => peer.getXmlFragment('default').insert(1, [paragraph('x', { sparkle: {} })])],
  ['a raised version', (peer) => peer.getMap('weft').set('schema', 99)],
  ['something in the title', (peer) => peer.getXmlFragment('title').insert(0, [new Y.XmlElement('emoji')])],
];

test.each(LATE)(
  '%s from a newer version, arriving while one types, ends the editors and survives',
  async (_, add) => {
    const doc = new Y.Doc();
    doc.getXmlFragment('default').insert(0, [paragraph('first')]);
    const session = guarded(doc);
    const both = [mount(session, body(doc)), mount(session, title(doc))];
    both[0]?.commands.insertContentAt(1, 'mine ');
    await flush();
    const peer = peerOf(doc);
    add(peer);
    const written = vi.fn();
    doc.on('update', (_update: Uint8Array, origin: unknown) => origin !== 'network' && written());
    send(peer, doc);
    await flush();
    expect(both.map((editor) => editor.isDestroyed)).toEqual([true, true]);
    expect(written).not.toHaveBeenCalled();
    expect(fingerprint(doc)).toBe(fingerprint(peer));
    expect(findMiss(doc)).not.toBeNull();
  },
);

test('a destroyed editor that is told to do something still writes nothing', async () => {
  const doc = new Y.Doc();
  doc.getXmlFragment('default').insert(0, [paragraph('first')]);
  const editor = mount(guarded(doc), body(doc));
  const { view } = editor;
  const peer = peerOf(doc);
  peer.getXmlFragment('default').insert(1, [new Y.XmlElement('kanban')]);
  send(peer, doc);
  const before = fingerprint(doc);
  try {
    view.dispatch(view.state.tr.insertText('late key', 1));
  } catch {
    // Whether it throws is the editor's affair.
  }
  await flush();
  expect(fingerprint(doc)).toBe(before);
});

test('typing gives the touched block an id, a split a new one, and a copy never the same', async () => {
  const doc = new Y.Doc();
  doc.getXmlFragment('default').insert(0, [paragraph('untouched'), paragraph('first')]);
  const editor = mount(guarded(doc), body(doc));
  const ids = (): unknown[] => editor.getJSON().content?.map((block) => block.attrs?.id) ?? [];
  editor.commands.insertContentAt(editor.state.doc.content.size - 1, ' and more');
  expect(ids()[0]).toBeNull();
  expect(ids()[1]).toMatch(/^[a-z0-9]{10}$/);
  editor.commands.setTextSelection(editor.state.doc.content.size - 4);
  editor.commands.splitBlock();
  expect(new Set(ids()).size).toBe(3);
  const second = editor.state.doc.child(1);
  editor.view.dispatch(editor.state.tr.insert(0, second));
  expect(new Set(ids()).size).toBe(4);
});

test('undo takes back one’s own edits and leaves other people’s', async () => {
  const doc = new Y.Doc();
  doc.getXmlFragment('default').insert(0, [paragraph('base')]);
  const editor = mount(guarded(doc), body(doc));
  editor.commands.insertContentAt(5, ' mine');
  const peer = peerOf(doc);
  peer.getXmlFragment('default').insert(1, [paragraph('theirs')]);
  send(peer, doc);
  editor.commands.undo();
  await flush();
  expect(editor.getText()).toContain('theirs');
  expect(editor.getText()).not.toContain('mine');
});

test('a stranger’s malformed caret and colour do not disturb the editor', async () => {
  const doc = new Y.Doc();
  doc.getXmlFragment('default').insert(0, [paragraph('text')]);
  const awareness = new Awareness(doc);
  const extensions = bodyExtensions({ doc, awareness, placeholder: () => '', onLeaveUp: () => undefined });
  const editor = mount(guarded(doc), { extensions });
  awareness.states.set(7, { user: 'x', cursor: { anchor: null, head: 5 } });
  awareness.states.set(8, {
    user: { name: '<b>', color: 'red;x' },
    cursor: { anchor: { item: 'x' }, head: {} },
  });
  awareness.emit('change', [{ added: [7, 8], updated: [], removed: [] }, 'network']);
  awareness.emit('update', [{ added: [7, 8], updated: [], removed: [] }, 'network']);
  await flush();
  expect(editor.isDestroyed).toBe(false);
  editor.commands.insertContentAt(1, 'still ');
  expect(editor.getText()).toBe('still text');
  awareness.destroy();
});
