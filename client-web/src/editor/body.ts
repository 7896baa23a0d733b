import type { Extensions } from '@tiptap/core';
import { Collaboration } from '@tiptap/extension-collaboration';
import { Placeholder } from '@tiptap/extensions';
import type { Awareness } from 'y-protocols/awareness';
import type * as Y from 'yjs';
import { BODY_FIELD } from '../sync';
import { Carets } from './carets';
import { DrawnSourceBlock } from './code/sourceBlock';
import { Edges } from './edges';
import { DrawnBlockMath, DrawnInlineMath } from './math/formula';
import { SlashCommands } from './menus/slash';
import { PasteMarkdown } from './pasteMarkdown';
import { bodySchema } from './schema/lists';

/** The same nodes and marks as the schema, some of them drawn by a view of their own. */
const drawn = new Map([DrawnSourceBlock, DrawnInlineMath, DrawnBlockMath].map((node) => [node.name, node]));

export function bodyExtensions(options: {
  doc: Y.Doc;
  awareness: Awareness | null;
  placeholder: () => string;
  onLeaveUp: () => void;
}): Extensions {
  return [
    ...bodySchema.map((extension) => drawn.get(extension.name) ?? extension),
    Collaboration.configure({ document: options.doc, field: BODY_FIELD }),
    Carets.configure({ awareness: options.awareness }),
    Placeholder.configure({
      placeholder: ({ editor }) => (editor.isEmpty ? options.placeholder() : ''),
      showOnlyCurrent: false,
    }),
    Edges.configure({ onLeaveUp: options.onLeaveUp }),
    SlashCommands,
    PasteMarkdown,
  ];
}
