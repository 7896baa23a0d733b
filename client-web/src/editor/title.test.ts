import { Editor } from '@tiptap/core';
import { afterEach, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { oneLine, titleExtensions } from './title';

let editor: Editor;
afterEach(() => editor.destroy());

function title(onLeave = vi.fn()): { doc: Y.Doc; onLeave: ReturnType<typeof vi.fn> } {
  const doc = new Y.Doc();
  editor = new Editor({
    extensions: titleExtensions({ doc, awareness: null, placeholder: () => '', onLeave }),
  });
  return { doc, onLeave };
}

function press(key: string, init: KeyboardEventInit = {}): void {
  editor.view.dom.dispatchEvent(
    new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init }),
  );
}

function paste(text: string): void {
  const data = {
    getData: (type: string) => (type === 'text/plain' ? text : '<h1>a</h1><p>b</p>'),
    types: ['text/plain'],
  };
  const event = new Event('paste', { bubbles: true, cancelable: true });
  Object.defineProperty(event, 'clipboardData', { value: data });
  editor.view.someProp('handlePaste', (handle) =>
    handle(editor.view, event as ClipboardEvent, null as never),
  );
}

test('Enter goes on to the body and adds no line', () => {
  const { onLeave } = title();
  editor.commands.insertContent('A title');
  press('Enter');
  press('Enter', { shiftKey: true });
  expect(onLeave).toHaveBeenCalledTimes(2);
  expect(editor.state.doc.childCount).toBe(1);
  expect(editor.getText()).toBe('A title');
});

test('whatever is pasted becomes one line of plain text', () => {
  const { doc } = title();
  paste('  One\n\n two\t\tthree \r\n');
  expect(editor.state.doc.childCount).toBe(1);
  expect(editor.getText()).toBe('One two three');
  expect(doc.getXmlFragment('title').toString()).toBe('<paragraph>One two three</paragraph>');
});

test('a title that two people started at once keeps both lines', () => {
  const { doc } = title();
  editor.commands.insertContent('mine');
  const peer = new Y.Doc();
  const line = new Y.XmlElement('paragraph');
  line.insert(0, [new Y.XmlText('theirs')]);
  peer.getXmlFragment('title').insert(0, [line]);
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(peer));
  editor.commands.insertContent('!');
  const lines = doc.getXmlFragment('title').toString();
  expect(lines).toContain('theirs');
  expect(lines).toContain('mine');
});

test('one line is made of any text', () => {
  expect(oneLine(' a \u2028 b\n\nc ')).toBe('a b c');
});
