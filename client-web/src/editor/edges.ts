import { Extension } from '@tiptap/core';
import { Plugin, PluginKey, TextSelection } from '@tiptap/pm/state';
import type { EditorView } from '@tiptap/pm/view';

interface EdgesOptions {
  /** The arrow up in the first line: back to the title. */
  onLeaveUp: () => void;
}

/** Puts the caret into a paragraph at the end, adding one only when the last block is not already an empty one. */
function continueBelow(view: EditorView): void {
  const { state } = view;
  const last = state.doc.lastChild;
  const tr = state.tr;
  if (last === null || last.type.name !== 'paragraph' || last.content.size > 0) {
    const paragraph = state.schema.nodes.paragraph?.create();
    if (paragraph !== undefined) tr.insert(state.doc.content.size, paragraph);
  }
  view.dispatch(tr.setSelection(TextSelection.atEnd(tr.doc)).scrollIntoView());
  view.focus();
}

/**
 * The ways out of the first and the last block. They stand in for a trailing empty paragraph, which would have to be
 * written into every page that is merely opened.
 */
export const Edges = Extension.create<EdgesOptions>({
  name: 'edges',
  addOptions() {
    return { onLeaveUp: () => undefined };
  },
  addKeyboardShortcuts() {
    return {
      ArrowUp: () => {
        const { state, view } = this.editor;
        const { empty, $from } = state.selection;
        if (!empty || $from.index(0) !== 0 || !view.endOfTextblock('up')) return false;
        // Within a list or a table the line above is still the body's.
        for (let depth = 1; depth < $from.depth; depth += 1) if ($from.index(depth) !== 0) return false;
        this.options.onLeaveUp();
        return true;
      },
      ArrowDown: () => {
        const { state, view } = this.editor;
        const { empty, $from } = state.selection;
        if (!empty || $from.depth < 1 || $from.index(0) !== state.doc.childCount - 1) return false;
        if (state.doc.lastChild?.type.name === 'paragraph' || !view.endOfTextblock('down')) return false;
        for (let depth = 1; depth < $from.depth; depth += 1) {
          if ($from.index(depth) !== $from.node(depth).childCount - 1) return false;
        }
        continueBelow(view);
        return true;
      },
    };
  },
  addProseMirrorPlugins() {
    return [
      new Plugin({
        key: new PluginKey('edges'),
        props: {
          handleClick: (view, _pos, event) => {
            if (!view.editable || event.target !== view.dom) return false;
            const last = view.dom.lastElementChild;
            if (last === null || event.clientY <= last.getBoundingClientRect().bottom) return false;
            continueBelow(view);
            return true;
          },
        },
      }),
    ];
  },
});
