import { Extension } from '@tiptap/core';
import type { Node } from '@tiptap/pm/model';
import { Plugin, PluginKey } from '@tiptap/pm/state';
import { ySyncPluginKey } from '@tiptap/y-tiptap';
import type * as Y from 'yjs';

interface Binding {
  type: Y.XmlFragment;
  _prosemirrorChanged: (doc: Node) => void;
}

/** Nothing but the empty paragraph that an editor cannot do without. */
function isBlank(doc: Node): boolean {
  const { firstChild } = doc;
  if (doc.childCount !== 1 || firstChild === null || firstChild.content.size > 0) return false;
  return firstChild.type === doc.type.contentMatch.defaultType;
}

/**
 * Leaves a page empty that others emptied, as a restore may. An editor then shows an empty paragraph all the same, and the
 * binding would write it down at the next occasion: a change by everyone who looks on, a paragraph each.
 */
export const BlankStays = Extension.create({
  name: 'blankStays',
  addProseMirrorPlugins() {
    return [
      new Plugin({
        key: new PluginKey('blankStays'),
        view: (view) => {
          const { binding } = ySyncPluginKey.getState(view.state) as { binding: Binding };
          const write = binding._prosemirrorChanged;
          binding._prosemirrorChanged = (doc) => {
            if (binding.type.length > 0 || !isBlank(doc)) write.call(binding, doc);
          };
          return {};
        },
      }),
    ];
  },
});
