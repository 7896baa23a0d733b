import { Extension, type Extensions, getSchema, Mark, mergeAttributes, Node } from '@tiptap/core';
import type { Schema } from '@tiptap/pm/model';
import { bodySchema } from '../schema/lists';
import type { PastChange } from './tree';

/** What a drawn block knows of its past. */
export interface BlockPast {
  id: string | null;
  change: PastChange | null;
  /** The sign that stands beside it: what was added, removed, or something of both. */
  sign: '' | '+' | '−' | '±';
}

const changeAttributes = (change: PastChange | null): Record<string, string> =>
  change === null
    ? {}
    : {
        'data-change': change.kind,
        'data-by': change.by,
        'data-at': String(change.at),
        'data-seq': String(change.seq),
      };

function blockAttributes({ past }: { past?: BlockPast | null }): Record<string, string> {
  if (past === null || past === undefined) return {};
  return {
    ...(past.id === null ? {} : { 'data-past': past.id }),
    ...(past.sign === '' ? {} : { 'data-sign': past.sign }),
    ...changeAttributes(past.change),
  };
}

const change = {
  default: null,
  renderHTML: ({ change: note }: { change?: PastChange | null }) => changeAttributes(note ?? null),
};

const changed = (name: string, tag: string): Mark =>
  Mark.create({
    name,
    // Around every other mark, so that a change of bold and plain words is one stretch.
    priority: 5_000,
    excludes: '',
    addAttributes: () => ({ change }),
    renderHTML: ({ HTMLAttributes }) => [tag, mergeAttributes(HTMLAttributes, { class: 'past-change' }), 0],
  });

const unknownName = {
  default: '',
  renderHTML: ({ what }: { what?: string }) => ({ 'data-unknown': what ?? '' }),
};

/** A block, a piece of a line or a mark that this editor does not know: a box around what is in it. */
const UnknownBlock = Node.create({
  name: 'pastUnknownBlock',
  group: 'block',
  content: 'block*',
  addAttributes: () => ({ what: unknownName }),
  renderHTML: ({ HTMLAttributes }) => ['div', mergeAttributes(HTMLAttributes, { class: 'unknown' }), 0],
});
const UnknownInline = Node.create({
  name: 'pastUnknownInline',
  group: 'inline',
  inline: true,
  content: 'inline*',
  addAttributes: () => ({ what: unknownName }),
  renderHTML: ({ HTMLAttributes }) => ['span', mergeAttributes(HTMLAttributes, { class: 'unknown' }), 0],
});
const UnknownMark = Mark.create({
  name: 'pastUnknownMark',
  excludes: '',
  addAttributes: () => ({ what: unknownName }),
  renderHTML: ({ HTMLAttributes }) => ['span', mergeAttributes(HTMLAttributes, { class: 'unknown-mark' }), 0],
});

function withPast(extensions: Extensions): Extensions {
  const { nodes } = getSchema(extensions);
  const types = Object.keys(nodes).filter((name) => name !== 'doc' && name !== 'text');
  const Past = Extension.create({
    name: 'past',
    addGlobalAttributes: () => [
      { types, attributes: { past: { default: null, renderHTML: blockAttributes } } },
    ],
  });
  return [...extensions, Past];
}

let made: Schema | null = null;

/** The page's schema, and beyond it what only a look into the past needs. Made when it is first asked for. */
export function pastSchema(): Schema {
  made ??= getSchema(
    withPast([
      ...bodySchema,
      changed('pastAdded', 'ins'),
      changed('pastRemoved', 'del'),
      changed('pastFormatted', 'span'),
      UnknownBlock,
      UnknownInline,
      UnknownMark,
    ]),
  );
  return made;
}
