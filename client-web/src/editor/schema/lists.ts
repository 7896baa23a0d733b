import type { Extensions } from '@tiptap/core';
import { Details, DetailsContent, DetailsSummary } from '@tiptap/extension-details';
import { Document } from '@tiptap/extension-document';
import { TaskItem, TaskList } from '@tiptap/extension-list';
import { Paragraph } from '@tiptap/extension-paragraph';
import { TableCell, TableHeader, TableRow } from '@tiptap/extension-table';
import { Text } from '@tiptap/extension-text';
import { StarterKit } from '@tiptap/starter-kit';
import { BlockIds, TextAlignment } from './attributes';
import {
  BlockMath,
  Callout,
  InlineMath,
  PlainMention,
  ScrollingTable,
  SourceBlock,
  WebImage,
} from './blocks';
import { CommentMark, Deletion, Insertion, Modification, NamedHighlight, PlainLink } from './marks';

/**
 * The one list of what a page may hold. Planned nodes and marks are in it before they can be edited, so that raising
 * the version stays rare. An editor may extend an entry with how it is drawn, never with what it is.
 */
export const bodySchema: Extensions = [
  StarterKit.configure({
    undoRedo: false,
    link: false,
    codeBlock: false,
    // It would write a paragraph into pages that were only opened.
    trailingNode: false,
    dropcursor: { color: 'var(--weft-accent)', width: 2 },
  }),
  SourceBlock,
  PlainLink,
  NamedHighlight,
  TaskList,
  TaskItem.configure({ nested: true }),
  ScrollingTable,
  TableRow,
  TableHeader,
  TableCell,
  WebImage,
  Details.configure({ HTMLAttributes: { class: 'details' } }),
  DetailsSummary,
  DetailsContent,
  Callout,
  InlineMath,
  BlockMath,
  PlainMention,
  CommentMark,
  Insertion,
  Deletion,
  Modification,
  TextAlignment,
  BlockIds,
];

/**
 * The title is one line for whoever writes it, but two people who start an empty one at the same moment make two: the
 * schema lets both stand rather than losing one.
 */
export const titleSchema: Extensions = [Document.extend({ content: 'paragraph+' }), Paragraph, Text];
