import { mergeAttributes, Node } from '@tiptap/core';
import { CodeBlock } from '@tiptap/extension-code-block';
import { Image } from '@tiptap/extension-image';
import { Mention } from '@tiptap/extension-mention';
import { Table } from '@tiptap/extension-table';

/** What a callout may say about its content. The first is what an unknown kind falls back to. */
export const CALLOUT_KINDS = ['info', 'tip', 'warning', 'danger'] as const;
export type CalloutKind = (typeof CALLOUT_KINDS)[number];

export function calloutKind(value: unknown): CalloutKind {
  return CALLOUT_KINDS.find((kind) => kind === value) ?? 'info';
}

/** A box that sets its content apart from the text around it. */
export const Callout = Node.create({
  name: 'callout',
  group: 'block',
  content: 'block+',
  defining: true,
  addAttributes() {
    return {
      kind: {
        default: 'info',
        parseHTML: (element) => calloutKind(element.getAttribute('data-callout')),
        renderHTML: ({ kind }) => ({ 'data-callout': calloutKind(kind) }),
      },
    };
  },
  parseHTML() {
    return [{ tag: 'aside[data-callout]' }, { tag: 'div[data-callout]' }];
  },
  renderHTML({ HTMLAttributes }) {
    return ['aside', mergeAttributes(HTMLAttributes, { class: 'callout', role: 'note' }), 0];
  },
});

const latex = {
  default: '',
  parseHTML: (element: HTMLElement) => element.getAttribute('data-latex') ?? '',
  renderHTML: (attributes: Record<string, unknown>) => ({ 'data-latex': String(attributes.latex ?? '') }),
};

/** A formula within a line. Its source is the content, so that text search and export find it. */
export const InlineMath = Node.create({
  name: 'inlineMath',
  group: 'inline',
  inline: true,
  atom: true,
  addAttributes() {
    return { latex };
  },
  parseHTML() {
    return [{ tag: 'span[data-type="inline-math"]' }];
  },
  renderHTML({ node, HTMLAttributes }) {
    const source = String(node.attrs.latex ?? '');
    return ['span', mergeAttributes(HTMLAttributes, { 'data-type': 'inline-math' }), source];
  },
  renderText({ node }) {
    return `$${String(node.attrs.latex ?? '')}$`;
  },
});

/** A formula on its own line. */
export const BlockMath = Node.create({
  name: 'blockMath',
  group: 'block',
  atom: true,
  addAttributes() {
    return { latex };
  },
  parseHTML() {
    return [{ tag: 'div[data-type="block-math"]' }];
  },
  renderHTML({ node, HTMLAttributes }) {
    const source = String(node.attrs.latex ?? '');
    return ['div', mergeAttributes(HTMLAttributes, { 'data-type': 'block-math' }), source];
  },
  renderText({ node }) {
    return `$$${String(node.attrs.latex ?? '')}$$`;
  },
});

/** Only what a browser may fetch without side effects. */
export function isImageUrl(text: string): boolean {
  if (/^\/(?!\/)/.test(text)) return true;
  try {
    const { protocol } = new URL(text);
    return protocol === 'https:' || protocol === 'http:';
  } catch {
    return false;
  }
}

export const WebImage = Image.extend({
  renderHTML({ node, HTMLAttributes }) {
    const source = String(node.attrs.src ?? '');
    const safe = isImageUrl(source) ? source : '';
    return [
      'img',
      mergeAttributes(HTMLAttributes, {
        src: safe,
        alt: String(node.attrs.alt ?? ''),
        loading: 'lazy',
        referrerpolicy: 'no-referrer',
      }),
    ];
  },
}).configure({ inline: false, allowBase64: false });

/**
 * Wrapped in a box that scrolls sideways. Column widths are kept in the document but not drawn: they would reach a
 * style attribute as whatever a co-editor wrote.
 */
export const ScrollingTable = Table.extend({
  renderHTML({ HTMLAttributes }) {
    return ['div', { class: 'table-scroller' }, ['table', HTMLAttributes, ['tbody', 0]]];
  },
}).configure({ resizable: false, View: null });

/** Mentions are drawn; choosing people comes with accounts. */
export const PlainMention = Mention.extend({
  addProseMirrorPlugins() {
    return [];
  },
  addKeyboardShortcuts() {
    return {};
  },
});

export const SourceBlock = CodeBlock.configure({ defaultLanguage: null, exitOnTripleEnter: true });
