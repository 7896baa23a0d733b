import { combineTransactionSteps, Extension, getChangedRanges } from '@tiptap/core';
import { Plugin, PluginKey, type Transaction } from '@tiptap/pm/state';
import { ySyncPluginKey } from '@tiptap/y-tiptap';

/** Blocks that can be pointed at: by a link to a paragraph, a comment, a diff that tells moved from changed. */
export const BLOCKS_WITH_ID = [
  'paragraph',
  'heading',
  'blockquote',
  'bulletList',
  'orderedList',
  'listItem',
  'taskList',
  'taskItem',
  'codeBlock',
  'table',
  'image',
  'horizontalRule',
  'callout',
  'details',
  'blockMath',
] as const;

const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';

/** Ten characters of 32: unique within a page, which is all that is asked of them. */
function newBlockId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(10)), (byte) => ALPHABET[byte % 32]).join('');
}

const hasId = new Set<string>(BLOCKS_WITH_ID);

function isRemote(transaction: Transaction): boolean {
  return (
    ySyncPluginKey.getState !== undefined && transaction.getMeta(ySyncPluginKey)?.isChangeOrigin === true
  );
}

/** Blocks arrive whole by splitting, pasting and dropping; plain typing brings none. */
function bringsBlocks(transaction: Transaction): boolean {
  return transaction.steps.some((step) => {
    const { slice } = step as unknown as {
      slice?: { content: { firstChild: { isInline: boolean } | null } };
    };
    const first = slice?.content.firstChild ?? null;
    return first !== null && !first.isInline;
  });
}

/**
 * Gives an id to every block that a person touches, and a new one to the copy when a block was doubled. Opening a page
 * writes nothing, and other people's changes are left to them. While a word is being composed nothing is written
 * either: the paragraph would be redrawn under the input method.
 */
export const BlockIds = Extension.create({
  name: 'blockIds',
  addGlobalAttributes() {
    return [
      {
        types: [...BLOCKS_WITH_ID],
        attributes: {
          id: {
            default: null,
            keepOnSplit: false,
            // Pasted blocks are new blocks.
            parseHTML: () => null,
            renderHTML: ({ id }) => (typeof id === 'string' ? { 'data-id': id } : {}),
          },
        },
      },
    ];
  },
  addProseMirrorPlugins() {
    return [
      new Plugin({
        key: new PluginKey('blockIds'),
        appendTransaction: (transactions, before, after) => {
          const mine = transactions.filter((transaction) => transaction.docChanged && !isRemote(transaction));
          if (mine.length === 0 || transactions.some((transaction) => transaction.getMeta('composition')))
            return null;
          const change = combineTransactionSteps(before.doc, [...transactions]);
          const ranges = getChangedRanges(change);
          const tr = after.tr;
          const given = new Set<number>();
          for (const { newRange } of ranges) {
            const to = Math.min(newRange.to, after.doc.content.size);
            after.doc.nodesBetween(Math.min(newRange.from, to), to, (node, pos) => {
              if (!hasId.has(node.type.name) || node.attrs.id !== null || given.has(pos)) return;
              given.add(pos);
              tr.setNodeAttribute(pos, 'id', newBlockId());
            });
          }
          if (mine.some(bringsBlocks)) {
            const seen = new Set<unknown>();
            after.doc.descendants((node, pos) => {
              const id: unknown = node.attrs.id;
              if (!hasId.has(node.type.name) || id === null) return;
              if (seen.has(id)) tr.setNodeAttribute(pos, 'id', newBlockId());
              seen.add(id);
            });
          }
          return tr.docChanged ? tr : null;
        },
      }),
    ];
  },
});

const ALIGNMENTS = ['left', 'center', 'right', 'justify'] as const;

/** Alignment by name only; see the note at the marker colours. */
export const TextAlignment = Extension.create({
  name: 'textAlignment',
  addGlobalAttributes() {
    return [
      {
        types: ['paragraph', 'heading'],
        attributes: {
          textAlign: {
            default: null,
            parseHTML: (element) => ALIGNMENTS.find((name) => name === element.style.textAlign) ?? null,
            renderHTML: ({ textAlign }) => {
              const name = ALIGNMENTS.find((known) => known === textAlign);
              return name === undefined || name === 'left' ? {} : { 'data-align': name };
            },
          },
        },
      },
    ];
  },
});
