import { Mark, mergeAttributes } from '@tiptap/core';
import { Highlight } from '@tiptap/extension-highlight';
import { Link } from '@tiptap/extension-link';

/** A stretch of text that a comment thread speaks about. The thread itself lives on the server; here is only its id. */
export const CommentMark = Mark.create({
  name: 'comment',
  excludes: '',
  inclusive: false,
  addAttributes() {
    return {
      id: {
        default: null,
        parseHTML: (element) => element.getAttribute('data-comment-id'),
        renderHTML: ({ id }) => ({ 'data-comment-id': String(id ?? '') }),
      },
    };
  },
  parseHTML() {
    return [{ tag: 'span[data-comment-id]' }];
  },
  renderHTML({ HTMLAttributes }) {
    return ['span', mergeAttributes(HTMLAttributes, { class: 'comment' }), 0];
  },
});

const SUGGESTIONS = 'insertion modification deletion';

const suggestionId = {
  default: null,
  parseHTML: (element: HTMLElement) => element.getAttribute('data-suggestion'),
  renderHTML: ({ id }: Record<string, unknown>) => ({ 'data-suggestion': String(id ?? '') }),
};

/** Text that somebody proposes to add. */
export const Insertion = Mark.create({
  name: 'insertion',
  inclusive: false,
  excludes: SUGGESTIONS,
  addAttributes() {
    return { id: suggestionId };
  },
  parseHTML() {
    return [{ tag: 'ins[data-suggestion]' }];
  },
  renderHTML({ HTMLAttributes }) {
    return ['ins', HTMLAttributes, 0];
  },
});

/** Text that somebody proposes to take out. */
export const Deletion = Mark.create({
  name: 'deletion',
  inclusive: false,
  excludes: SUGGESTIONS,
  addAttributes() {
    return { id: suggestionId };
  },
  parseHTML() {
    return [{ tag: 'del[data-suggestion]' }];
  },
  renderHTML({ HTMLAttributes }) {
    return ['del', HTMLAttributes, 0];
  },
});

const unseen = { default: null, rendered: false };

/** Text whose form somebody proposes to change, from `previousValue` to `newValue`. */
export const Modification = Mark.create({
  name: 'modification',
  inclusive: false,
  excludes: 'insertion deletion',
  addAttributes() {
    return { id: suggestionId, type: unseen, attrName: unseen, previousValue: unseen, newValue: unseen };
  },
  parseHTML() {
    return [{ tag: 'span[data-modification]' }];
  },
  renderHTML({ HTMLAttributes }) {
    return ['span', mergeAttributes(HTMLAttributes, { 'data-modification': '' }), 0];
  },
});

/** Marker colours by name: a free value would reach a style attribute as whatever a co-editor wrote. */
export const HIGHLIGHT_COLORS = ['yellow', 'green', 'blue', 'pink', 'orange'] as const;

export const NamedHighlight = Highlight.extend({
  addAttributes() {
    return {
      color: {
        default: null,
        parseHTML: (element) => element.getAttribute('data-color'),
        renderHTML: ({ color }) => {
          const name = HIGHLIGHT_COLORS.find((known) => known === color);
          return name === undefined ? {} : { 'data-color': name };
        },
      },
    };
  },
}).configure({ multicolor: true });

/** Stores the address and nothing else; how links open is the same for all and belongs to no document. */
export const PlainLink = Link.extend({
  addAttributes() {
    return {
      href: {
        default: null,
        parseHTML: (element) => element.getAttribute('href'),
      },
    };
  },
}).configure({
  openOnClick: false,
  autolink: true,
  linkOnPaste: true,
  defaultProtocol: 'https',
  HTMLAttributes: { target: '_blank', rel: 'noopener noreferrer nofollow', class: null },
});
