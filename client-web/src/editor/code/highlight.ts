import type { Node } from '@tiptap/pm/model';
import { Plugin, PluginKey } from '@tiptap/pm/state';
import { Decoration, DecorationSet, type EditorView } from '@tiptap/pm/view';
import type { ElementContent, Root, RootContent } from 'hast';
import { type Highlighter, loadHighlighter } from './languages';

/** Longer code is shown without colours: they would be computed anew with every key. */
export const HIGHLIGHT_CHARACTERS_MAX = 50_000;

interface Span {
  from: number;
  to: number;
  class: string;
}

/** The coloured stretches of one block's text, counted from its start. */
export function spansOf(tree: Root): Span[] {
  const spans: Span[] = [];
  let at = 0;
  const walk = (nodes: (RootContent | ElementContent)[], classes: string[]): void => {
    for (const node of nodes) {
      if (node.type === 'text') {
        if (classes.length > 0)
          spans.push({ from: at, to: at + node.value.length, class: classes.join(' ') });
        at += node.value.length;
      } else if (node.type === 'element') {
        const names = node.properties.className;
        walk(node.children, [...classes, ...(Array.isArray(names) ? names.map(String) : [])]);
      }
    }
  };
  walk(tree.children, []);
  return spans;
}

const key = new PluginKey<DecorationSet>('codeHighlight');

/**
 * Colours code blocks. Unchanged blocks are not looked at again: other people's edits replace the whole document, but
 * the nodes within it stay the same objects.
 */
export function highlightPlugin(name: string): Plugin<DecorationSet> {
  const known = new WeakMap<Node, Span[]>();
  let highlighter: Highlighter | null = null;

  const spans = (node: Node): Span[] => {
    const language = node.attrs.language as unknown;
    if (highlighter === null || typeof language !== 'string' || !highlighter.registered(language)) return [];
    if (node.textContent.length > HIGHLIGHT_CHARACTERS_MAX) return [];
    let found = known.get(node);
    if (found === undefined) {
      found = spansOf(highlighter.highlight(language, node.textContent));
      known.set(node, found);
    }
    return found;
  };

  const decorate = (doc: Node): DecorationSet => {
    const decorations: Decoration[] = [];
    doc.descendants((node, pos) => {
      if (node.type.name !== name) return !node.isTextblock;
      for (const span of spans(node)) {
        decorations.push(Decoration.inline(pos + 1 + span.from, pos + 1 + span.to, { class: span.class }));
      }
      return false;
    });
    return DecorationSet.create(doc, decorations);
  };

  const load = (view: EditorView): void => {
    let wanted = false;
    view.state.doc.descendants((node) => {
      if (node.type.name === name && node.attrs.language) wanted = true;
      return !wanted && !node.isTextblock;
    });
    if (!wanted || highlighter !== null) return;
    void loadHighlighter().then((loaded) => {
      if (view.isDestroyed || highlighter !== null) return;
      highlighter = loaded;
      view.dispatch(view.state.tr.setMeta(key, true));
    });
  };

  return new Plugin<DecorationSet>({
    key,
    state: {
      init: (_, { doc }) => decorate(doc),
      apply: (tr, before) => (tr.docChanged || tr.getMeta(key) === true ? decorate(tr.doc) : before),
    },
    props: { decorations: (state) => key.getState(state) },
    view: (view) => {
      load(view);
      return { update: (after, before) => after.state.doc !== before.doc && load(after) };
    },
  });
}
