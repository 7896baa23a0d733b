import { Editor } from '@tiptap/core';
import { Collaboration } from '@tiptap/extension-collaboration';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { bodySchema } from './schema/lists';
import { writtenInSelection } from './written';

function paragraph(...words: string[]): Y.XmlElement {
  const element = new Y.XmlElement('paragraph');
  element.insert(
    0,
    words.map((word) => new Y.XmlText(word)),
  );
  return element;
}

const mount = (doc: Y.Doc): Editor =>
  new Editor({
    element: document.createElement('div'),
    extensions: [...bodySchema, Collaboration.configure({ document: doc, field: 'default' })],
  });

/** The letters that the stretches name, read from the document's own elements. */
function letters(doc: Y.Doc, stretches: { client: number; clock: number; len: number }[]): string {
  return stretches
    .map(({ client, clock, len }) => {
      let found = '';
      for (const struct of doc.store.clients.get(client) ?? []) {
        if (!(struct instanceof Y.Item) || !(struct.content instanceof Y.ContentString)) continue;
        const start = Math.max(clock - struct.id.clock, 0);
        const end = Math.min(clock + len - struct.id.clock, struct.length);
        if (start < end) found += struct.content.str.slice(start, end);
      }
      return found;
    })
    .join('');
}

test('every selection names exactly the letters in it, through lists, leaves, deletions and formats', () => {
  const doc = new Y.Doc();
  const body = doc.getXmlFragment('default');
  const list = new Y.XmlElement('bulletList');
  const item = new Y.XmlElement('listItem');
  item.insert(0, [paragraph('in a list')]);
  list.insert(0, [item]);
  const broken = new Y.XmlElement('paragraph');
  broken.insert(0, [new Y.XmlText('before'), new Y.XmlElement('hardBreak'), new Y.XmlText('after')]);
  body.insert(0, [
    paragraph('plain words'),
    list,
    new Y.XmlElement('horizontalRule'),
    broken,
    paragraph('end'),
  ]);
  const other = new Y.Doc();
  Y.applyUpdate(other, Y.encodeStateAsUpdate(doc));
  const theirs = (other.getXmlFragment('default').get(0) as Y.XmlElement).get(0) as Y.XmlText;
  theirs.insert(5, ' and theirs');
  theirs.delete(1, 2);
  theirs.format(0, 4, { bold: {} });
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(other));

  const editor = mount(doc);
  const { doc: page } = editor.state;
  expect(page.textContent).toBe('pin and theirs wordsin a listbeforeafterend');
  let asked = 0;
  for (let from = 0; from < page.content.size; from += 1) {
    for (let to = from + 1; to <= page.content.size; to += 3) {
      editor.commands.setTextSelection({ from, to });
      const { from: start, to: end } = editor.state.selection;
      expect(letters(doc, writtenInSelection(editor))).toBe(page.textBetween(start, end));
      asked += 1;
    }
  }
  expect(asked).toBeGreaterThan(200);
  editor.destroy();
});

test('what one person typed in one go is one stretch, also after it was cut in two', () => {
  const doc = new Y.Doc();
  doc.getXmlFragment('default').insert(0, [paragraph('one go')]);
  const text = (doc.getXmlFragment('default').get(0) as Y.XmlElement).get(0) as Y.XmlText;
  text.format(2, 2, { italic: {} });
  const editor = mount(doc);
  editor.commands.selectAll();
  expect(writtenInSelection(editor)).toHaveLength(1);
  editor.destroy();
});
