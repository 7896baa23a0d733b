import { Extension } from '@tiptap/core';
import { Plugin, PluginKey } from '@tiptap/pm/state';
import { bodySchema } from './schema/lists';

/** A paste larger than this stays text: reading it as Markdown would hold up the page. */
export const MARKDOWN_PASTE_CHARACTERS_MAX = 500_000;

const SIGNS = [
  /^#{1,6} \S/m,
  /^\s*[-*+] \S/m,
  /^\s*\d+[.)] \S/m,
  /^> ?\S/m,
  /^```/m,
  /^\|.+\|\s*$/m,
  /\*\*\S[^*\n]*\*\*/,
  /\[[^\]\n]+\]\([^)\s]+\)/,
  /^\s*(?:---|\*\*\*)\s*$/m,
];

/** Plain text that is most likely meant as Markdown: a block sign, or more than one line with any sign. */
export function looksLikeMarkdown(text: string): boolean {
  const signs = SIGNS.filter((sign) => sign.test(text)).length;
  return signs >= 2 || (signs === 1 && text.trim().includes('\n'));
}

/** Turns pasted Markdown into blocks. The reader is loaded with the first such paste. */
export const PasteMarkdown = Extension.create({
  name: 'pasteMarkdown',
  addProseMirrorPlugins() {
    const { editor } = this;
    return [
      new Plugin({
        key: new PluginKey('pasteMarkdown'),
        props: {
          handlePaste: (view, event) => {
            const data = event.clipboardData;
            if (
              data === null ||
              data.types.includes('text/html') ||
              view.state.selection.$from.parent.type.spec.code
            ) {
              return false;
            }
            const text = data.getData('text/plain');
            if (text.length > MARKDOWN_PASTE_CHARACTERS_MAX || !looksLikeMarkdown(text)) return false;
            void import('@tiptap/markdown')
              .then(({ MarkdownManager }) => new MarkdownManager({ extensions: bodySchema }).parse(text))
              .then(
                (content) =>
                  !editor.isDestroyed &&
                  editor
                    .chain()
                    .insertContent(content.content ?? [])
                    .run(),
              )
              .catch(() => !editor.isDestroyed && editor.view.pasteText(text));
            return true;
          },
        },
      }),
    ];
  },
});
