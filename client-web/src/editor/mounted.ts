/** A page's body as an editor without a window around it, for tests. */
import { Editor } from '@tiptap/core';
import { afterEach } from 'vitest';
import type * as Y from 'yjs';
import { bodyExtensions } from './body';

const editors: Editor[] = [];
afterEach(() => {
  for (const editor of editors.splice(0)) editor.destroy();
});

/** Mounts one; it is destroyed when the test ends. */
export function mount(doc: Y.Doc): Editor {
  const extensions = bodyExtensions({
    doc,
    awareness: null,
    placeholder: () => '',
    onLeaveUp: () => undefined,
  });
  const editor = new Editor({ extensions });
  editors.push(editor);
  return editor;
}
