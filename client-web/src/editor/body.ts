import type { Extensions } from '@tiptap/core';
import { Collaboration } from '@tiptap/extension-collaboration';
import { DragHandle } from '@tiptap/extension-drag-handle';
import { Placeholder } from '@tiptap/extensions';
import i18next from 'i18next';
import type { Awareness } from 'y-protocols/awareness';
import type * as Y from 'yjs';
import { BODY_FIELD } from '../sync';
import { BlankStays } from './blank';
import { Carets } from './carets';
import { DrawnSourceBlock } from './code/sourceBlock';
import { Edges } from './edges';
import { DrawnBlockMath, DrawnInlineMath } from './math/formula';
import { SlashCommands } from './menus/slash';
import { PasteMarkdown } from './pasteMarkdown';
import { bodySchema } from './schema/lists';
import { SteadyCaret } from './steadyCaret';

/** The same nodes and marks as the schema, some of them drawn by a view of their own. */
const drawn = new Map([DrawnSourceBlock, DrawnInlineMath, DrawnBlockMath].map((node) => [node.name, node]));

/** For the mouse only: with the keyboard a block is moved by cutting and pasting it. */
function drawHandle(): HTMLElement {
  const handle = document.createElement('div');
  handle.className = 'drag-handle';
  handle.title = i18next.t('editor.drag');
  handle.setAttribute('aria-hidden', 'true');
  return handle;
}

export function bodyExtensions(options: {
  doc: Y.Doc;
  awareness: Awareness | null;
  placeholder: () => string;
  onLeaveUp: () => void;
}): Extensions {
  return [
    ...bodySchema.map((extension) => drawn.get(extension.name) ?? extension),
    Collaboration.configure({ document: options.doc, field: BODY_FIELD }),
    BlankStays,
    SteadyCaret,
    Carets.configure({ awareness: options.awareness }),
    Placeholder.configure({
      placeholder: ({ editor }) => (editor.isEmpty ? options.placeholder() : ''),
      showOnlyCurrent: false,
    }),
    Edges.configure({ onLeaveUp: options.onLeaveUp }),
    DragHandle.configure({ render: drawHandle }),
    SlashCommands,
    PasteMarkdown,
  ];
}
