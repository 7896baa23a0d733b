import { expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { Keep } from './keep';

const quiet = (): void => undefined;

test('what was noted just before leaving is written down all the same', async () => {
  const doc = new Y.Doc();
  const keep = new Keep('a/left-at-once', doc, quiet);
  await keep.loaded;
  keep.note(1);
  await vi.waitFor(() => expect(keep.kept).toBe(true));
  // The acknowledgement comes, the page says Saved, and the tab goes.
  keep.note(0);
  keep.close();
  doc.destroy();
  const next = new Keep('a/left-at-once', new Y.Doc(), quiet);
  await next.loaded;
  expect(next.earlier).toBe(0);
});
