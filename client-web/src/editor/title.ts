import { Extension, type Extensions } from '@tiptap/core';
import { Collaboration } from '@tiptap/extension-collaboration';
import { Placeholder } from '@tiptap/extensions';
import { Plugin, PluginKey } from '@tiptap/pm/state';
import type { Awareness } from 'y-protocols/awareness';
import type * as Y from 'yjs';
import { TITLE_FIELD } from '../sync';
import { BlankStays } from './blank';
import { Carets } from './carets';
import { titleSchema } from './schema/lists';
import { SteadyCaret } from './steadyCaret';

/** Whatever was pasted or dropped, as one line. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

interface OneLineOptions {
  /** Enter, or the arrow down: on to the body. */
  onLeave: () => void;
}

/** Keeps the title one line, whatever keys, clipboard or mouse bring. */
export const OneLine = Extension.create<OneLineOptions>({
  name: 'oneLine',
  priority: 1_000,
  addOptions() {
    return { onLeave: () => undefined };
  },
  addKeyboardShortcuts() {
    const leave = (): boolean => {
      this.options.onLeave();
      return true;
    };
    const down = (): boolean => {
      const { view } = this.editor;
      return view.endOfTextblock('down') ? leave() : false;
    };
    return { Enter: leave, 'Shift-Enter': leave, 'Mod-Enter': leave, ArrowDown: down };
  },
  addProseMirrorPlugins() {
    return [
      new Plugin({
        key: new PluginKey('oneLine'),
        props: {
          handlePaste: (view, event) => {
            const text = oneLine(event.clipboardData?.getData('text/plain') ?? '');
            if (text !== '') view.dispatch(view.state.tr.insertText(text).scrollIntoView());
            return true;
          },
          handleDrop: (view, event) => {
            const text = oneLine(event.dataTransfer?.getData('text/plain') ?? '');
            const place = view.posAtCoords({ left: event.clientX, top: event.clientY });
            if (text !== '' && place !== null) view.dispatch(view.state.tr.insertText(text, place.pos));
            event.preventDefault();
            return true;
          },
        },
      }),
    ];
  },
});

export function titleExtensions(options: {
  doc: Y.Doc;
  awareness: Awareness | null;
  placeholder: () => string;
  onLeave: () => void;
}): Extensions {
  return [
    ...titleSchema,
    Collaboration.configure({ document: options.doc, field: TITLE_FIELD }),
    BlankStays,
    SteadyCaret,
    Carets.configure({ awareness: options.awareness }),
    Placeholder.configure({ placeholder: options.placeholder, showOnlyWhenEditable: false }),
    OneLine.configure({ onLeave: options.onLeave }),
  ];
}
