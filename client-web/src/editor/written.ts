import type { Editor } from '@tiptap/core';
import { ySyncPluginKey } from '@tiptap/y-tiptap';
import * as Y from 'yjs';

/** Neighbouring elements of one author's writing: what a letter is called for as long as the document exists. */
export interface Written {
  client: number;
  clock: number;
  len: number;
}

/** The stretches of `text` between two offsets that are not deleted. */
function inText(text: Y.XmlText, from: number, to: number): Written[] {
  const found: Written[] = [];
  let at = 0;
  for (let item = text._start; item !== null && at < to; item = item.right) {
    if (item.deleted || !item.countable) continue;
    const start = Math.max(from - at, 0);
    const end = Math.min(to - at, item.length);
    if (start < end) found.push({ client: item.id.client, clock: item.id.clock + start, len: end - start });
    at += item.length;
  }
  return found;
}

/**
 * Names what is written between two positions of the editor, in the words of the shared document. The binding keeps
 * both in step: a text is as long as its letters, an element has one position before and one after its content.
 */
export function writtenBetween(
  fragment: Y.XmlFragment,
  from: number,
  to: number,
  isLeaf: (name: string) => boolean,
): Written[] {
  const found: Written[] = [];
  const sizeOf = (parent: Y.XmlFragment, start: number): number => {
    let at = start;
    for (const child of parent.toArray()) {
      if (at >= to) break;
      if (child instanceof Y.XmlText) {
        if (at + child.length > from) found.push(...inText(child, from - at, to - at));
        at += child.length;
      } else if (child instanceof Y.XmlElement) {
        at += isLeaf(child.nodeName) ? 1 : 2 + sizeOf(child, at + 1);
      }
    }
    return at - start;
  };
  sizeOf(fragment, 0);
  return joined(found);
}

/** A word typed in one go is one stretch, however many pieces it was later cut into. */
function joined(pieces: Written[]): Written[] {
  const whole: Written[] = [];
  for (const piece of pieces) {
    const last = whole.at(-1);
    if (last !== undefined && last.client === piece.client && last.clock + last.len === piece.clock) {
      last.len += piece.len;
    } else whole.push({ ...piece });
  }
  return whole;
}

/** What is written in the editor's selection. */
export function writtenInSelection(editor: Editor): Written[] {
  const { state } = editor;
  const sync = ySyncPluginKey.getState(state) as { type?: unknown } | undefined;
  if (!(sync?.type instanceof Y.XmlFragment)) return [];
  const { nodes } = state.schema;
  const isLeaf = (name: string): boolean => nodes[name]?.isLeaf ?? false;
  const { from, to } = state.selection;
  return writtenBetween(sync.type, from, to, isLeaf);
}
