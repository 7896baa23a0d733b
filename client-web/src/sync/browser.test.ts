import { beforeEach, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { claimBrowser, leaveNothing } from './browser';
import { Keep } from './keep';
import { noteUnsent, unsentDocuments } from './unsent';

const databases = async (): Promise<string[]> =>
  (await indexedDB.databases()).flatMap(({ name }) => (name === undefined ? [] : [name]));

async function write(name: string): Promise<Keep> {
  const doc = new Y.Doc();
  const keep = new Keep(name, doc, () => undefined);
  await keep.loaded;
  doc.getText('t').insert(0, 'written by somebody');
  keep.note(1);
  noteUnsent(name, true);
  await vi.waitFor(() => expect(keep.kept).toBe(true));
  return keep;
}

beforeEach(async () => {
  await leaveNothing();
  localStorage.clear();
});

test('whoever signs in after somebody else finds nothing of theirs, though a tab holds it open', async () => {
  await claimBrowser('anna');
  await write('page/a');
  localStorage.setItem('weft.tree', '["a"]');
  localStorage.setItem('weft.language', 'zh-CN');
  localStorage.setItem('another', 'app');
  await claimBrowser('anna');
  expect(await databases()).toContain('weft/page/a');
  expect(unsentDocuments()).toEqual(['page/a']);
  await claimBrowser('ben');
  await vi.waitFor(async () => expect(await databases()).toEqual([]));
  expect(unsentDocuments()).toEqual([]);
  expect(Object.keys(localStorage).sort()).toEqual(['another', 'weft.language', 'weft.whose']);
});

test('what nobody wrote, before there were people, is not taken from the first who signs in', async () => {
  await write('page/b');
  await claimBrowser('anna');
  expect(await databases()).toContain('weft/page/b');
  expect(unsentDocuments()).toEqual(['page/b']);
});

test('databases of other apps stay', async () => {
  await new Promise((resolve) => {
    const request = indexedDB.open('notes');
    request.onsuccess = () => {
      request.result.close();
      resolve(null);
    };
  });
  await leaveNothing();
  expect(await databases()).toContain('notes');
});
