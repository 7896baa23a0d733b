import { Extension } from '@tiptap/core';
import { Plugin, PluginKey } from '@tiptap/pm/state';
import { ySyncPluginKey } from '@tiptap/y-tiptap';
import * as Y from 'yjs';

interface KeptSelection {
  anchor: Y.RelativePosition | null;
  head: Y.RelativePosition | null;
  absAnchor: number | null;
  absHead: number | null;
}

interface SyncState {
  doc: Y.Doc;
  binding: { beforeTransactionSelection: KeptSelection | null };
}

/** Whether the place that `position` speaks of is still in the document. */
function stands(position: Y.RelativePosition | null, doc: Y.Doc): boolean {
  if (position === null) return false;
  const place = Y.createAbsolutePositionFromRelativePosition(position, doc);
  if (place === null) return false;
  for (let item = place.type._item; item !== null; item = (item.parent as Y.AbstractType<unknown>)._item) {
    if (item.deleted) return false;
  }
  return true;
}

/**
 * Keeps one's own caret where it is while others write in the same paragraph. The binding remembers the caret both as a
 * place in the shared text and as a bare number, and once a paragraph's text has changed it prefers the number if the
 * paragraph can be told from its siblings, which our block ids make sure of: the caret would then slip back by as much as
 * others wrote before it. So the number is forgotten whenever the place itself still stands.
 */
export const SteadyCaret = Extension.create({
  name: 'steadyCaret',
  addProseMirrorPlugins() {
    return [
      new Plugin({
        key: new PluginKey('steadyCaret'),
        view: (view) => {
          const { doc, binding } = ySyncPluginKey.getState(view.state) as SyncState;
          const steady = (): void => {
            const kept = binding.beforeTransactionSelection;
            if (kept === null) return;
            if (stands(kept.anchor, doc)) kept.absAnchor = null;
            if (stands(kept.head, doc)) kept.absHead = null;
          };
          doc.on('beforeObserverCalls', steady);
          return { destroy: () => doc.off('beforeObserverCalls', steady) };
        },
      }),
    ];
  },
});
