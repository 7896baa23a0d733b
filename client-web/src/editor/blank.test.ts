import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { BODY_FIELD } from '../sync';
import { mount } from './mounted';

const flush = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

test('a page that others emptied is not written to by who only looks on, and can be written to again', async () => {
  const doc = new Y.Doc();
  const editor = mount(doc);
  await flush();
  editor.view.dispatch(editor.state.tr.insertText('here'));
  await flush();
  const body = doc.getXmlFragment(BODY_FIELD);
  expect(body.length).toBe(1);

  const own = Y.encodeStateVector(doc);
  doc.transact(() => body.delete(0, body.length), 'network');
  editor.commands.focus('end');
  editor.view.dispatch(editor.state.tr.setMeta('anything', true));
  await flush();
  expect(editor.getText()).toBe('');
  expect(body.length).toBe(0);
  expect(Y.encodeStateVector(doc)).toEqual(own);

  editor.view.dispatch(editor.state.tr.insertText('again'));
  await flush();
  expect(body.length).toBe(1);
  expect(editor.getText()).toBe('again');
});

test('who empties the page themselves keeps their paragraph', async () => {
  const doc = new Y.Doc();
  const editor = mount(doc);
  await flush();
  editor.view.dispatch(editor.state.tr.insertText('here'));
  editor.commands.selectAll();
  editor.commands.deleteSelection();
  await flush();
  expect(doc.getXmlFragment(BODY_FIELD).length).toBe(1);
});
