import type { Node as ProseMirrorNode } from '@tiptap/pm/model';
import i18next from 'i18next';
import { SourceBlock } from '../schema/blocks';
import { highlightPlugin } from './highlight';
import { LANGUAGES } from './languages';

function fill(select: HTMLSelectElement, language: string | null): void {
  const names: string[] = [...LANGUAGES];
  if (language !== null && !names.includes(language)) names.unshift(language);
  const plain = new Option(i18next.t('editor.code.plain'), '');
  select.replaceChildren(plain, ...names.map((name) => new Option(name, name)));
  select.value = language ?? '';
}

const languageOf = (node: ProseMirrorNode): string | null =>
  typeof node.attrs.language === 'string' && node.attrs.language !== '' ? node.attrs.language : null;

/** A code block with its language above it and colours in it. */
export const DrawnSourceBlock = SourceBlock.extend({
  addNodeView() {
    return ({ node, editor, getPos }) => {
      let current = node;
      const dom = document.createElement('div');
      dom.className = 'code-block';
      const select = document.createElement('select');
      select.contentEditable = 'false';
      select.setAttribute('aria-label', i18next.t('editor.code.language'));
      select.disabled = !editor.isEditable;
      fill(select, languageOf(node));
      const pre = document.createElement('pre');
      pre.spellcheck = false;
      const code = document.createElement('code');
      pre.append(code);
      dom.append(select, pre);
      select.addEventListener('change', () => {
        const pos = getPos();
        if (pos === undefined) return;
        editor.view.dispatch(editor.state.tr.setNodeAttribute(pos, 'language', select.value || null));
        editor.commands.focus();
      });
      return {
        dom,
        contentDOM: code,
        update: (next) => {
          if (next.type !== current.type) return false;
          if (languageOf(next) !== languageOf(current)) fill(select, languageOf(next));
          select.disabled = !editor.isEditable;
          current = next;
          return true;
        },
        stopEvent: (event) => event.target === select,
        ignoreMutation: (mutation) => !code.contains(mutation.target),
      };
    };
  },
  addProseMirrorPlugins() {
    return [...(this.parent?.() ?? []), highlightPlugin(this.name)];
  },
});
