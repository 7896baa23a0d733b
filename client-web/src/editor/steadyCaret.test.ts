import type { Editor } from '@tiptap/core';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { mount } from './mounted';

function join(a: Y.Doc, b: Y.Doc): void {
  a.on(
    'update',
    (update: Uint8Array, origin: unknown) => origin !== 'network' && Y.applyUpdate(b, update, 'network'),
  );
  b.on(
    'update',
    (update: Uint8Array, origin: unknown) => origin !== 'network' && Y.applyUpdate(a, update, 'network'),
  );
}

const flush = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

function type(editor: Editor, content: string): void {
  for (const letter of content) editor.view.dispatch(editor.state.tr.insertText(letter));
}

test('two people write in one paragraph, key by key in turn, and each goes on where they were', async () => {
  const a = new Y.Doc();
  const b = new Y.Doc();
  join(a, b);
  const first = mount(a);
  const second = mount(b);
  await flush();
  type(first, 'tail');
  second.commands.setTextSelection(1);
  for (const letter of 'head ') {
    type(second, letter);
    type(first, '.');
  }
  await flush();
  expect(first.getText()).toBe('head tail.....');
  expect(second.getText()).toBe('head tail.....');
});

test('the caret stays in its paragraph when others add, split and remove paragraphs around it', async () => {
  const a = new Y.Doc();
  const b = new Y.Doc();
  join(a, b);
  const first = mount(a);
  const second = mount(b);
  await flush();
  type(first, 'alpha');
  first.commands.splitBlock();
  type(first, 'beta');
  second.chain().setTextSelection(3).splitBlock().run();
  await flush();
  type(first, '!');
  second.commands.deleteRange({ from: 0, to: second.state.doc.child(0).nodeSize });
  await flush();
  type(first, '?');
  expect(first.getText({ blockSeparator: '|' })).toBe('pha|beta!?');
  expect(second.getText({ blockSeparator: '|' })).toBe('pha|beta!?');
});
