import type { NodeViewRenderer } from '@tiptap/core';
import i18next from 'i18next';
import { askFor } from '../menus/prompt';
import { BlockMath, InlineMath } from '../schema/blocks';

/** A formula that never settles costs its readers; longer sources are shown as they are. */
export const LATEX_CHARACTERS_MAX = 10_000;

/** Draws as MathML, which browsers lay out themselves: no fonts or styles to load. */
export async function drawFormula(target: HTMLElement, latex: string, block: boolean): Promise<void> {
  if (latex.trim() === '') {
    target.textContent = i18next.t('editor.math.empty');
    return;
  }
  target.textContent = latex;
  if (latex.length > LATEX_CHARACTERS_MAX) return;
  const { default: katex } = await import('katex');
  if (target.dataset.latex !== latex) return;
  try {
    target.innerHTML = katex.renderToString(latex, {
      displayMode: block,
      output: 'mathml',
      throwOnError: true,
      trust: false,
      maxExpand: 500,
      maxSize: 20,
    });
    target.classList.remove('formula-bad');
  } catch {
    target.textContent = latex;
    target.classList.add('formula-bad');
  }
}

const view =
  (block: boolean): NodeViewRenderer =>
  ({ node, editor, getPos }) => {
    const dom = document.createElement(block ? 'div' : 'span');
    dom.className = block ? 'formula formula-block' : 'formula';
    let current = node;
    const show = (): void => {
      const latex = String(current.attrs.latex ?? '');
      dom.dataset.latex = latex;
      dom.title = latex;
      void drawFormula(dom, latex, block);
    };
    show();
    dom.addEventListener('dblclick', async () => {
      if (!editor.isEditable) return;
      const answer = await askFor({ kind: 'math', latex: String(current.attrs.latex ?? '') });
      const pos = getPos();
      if (answer?.kind !== 'math' || pos === undefined || editor.isDestroyed) return;
      editor.view.dispatch(editor.state.tr.setNodeAttribute(pos, 'latex', answer.latex));
      editor.commands.focus();
    });
    return {
      dom,
      update: (next) => {
        if (next.type !== current.type) return false;
        const changed = next.attrs.latex !== current.attrs.latex;
        current = next;
        if (changed) show();
        return true;
      },
      ignoreMutation: () => true,
    };
  };

export const DrawnInlineMath = InlineMath.extend({ addNodeView: () => view(false) });
export const DrawnBlockMath = BlockMath.extend({ addNodeView: () => view(true) });
