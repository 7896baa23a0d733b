import { DOMSerializer, Fragment } from '@tiptap/pm/model';
import { drawFormula } from '../math/formula';
import { pastNodes } from './nodes';
import { pastSchema } from './schema';
import type { PastNode } from './tree';

export interface PaintWords {
  /** What a box around something unknown says about itself. */
  unknown: string;
}

/** Elements that have no inside, so that no sign can be drawn in them. */
const VOID = 'img, hr';

function wrapVoids(block: DocumentFragment): void {
  for (const element of block.querySelectorAll<HTMLElement>(VOID)) {
    const box = document.createElement('div');
    box.className = 'past-void';
    for (const name of Object.keys(element.dataset)) {
      if (!['past', 'sign', 'change', 'by', 'at', 'seq'].includes(name)) continue;
      box.dataset[name] = element.dataset[name];
      delete element.dataset[name];
    }
    element.replaceWith(box);
    box.append(element);
  }
}

/** What the live editor's own views do, as far as a page that is only looked at needs it. */
function finish(block: DocumentFragment, words: PaintWords): void {
  wrapVoids(block);
  for (const box of block.querySelectorAll<HTMLInputElement>('input[type="checkbox"]')) {
    box.disabled = true;
    box.setAttribute('aria-label', box.closest('li')?.textContent?.trim() || words.unknown);
  }
  for (const details of block.querySelectorAll('details')) details.open = true;
  for (const scroller of block.querySelectorAll<HTMLElement>('.table-scroller')) scroller.tabIndex = 0;
  for (const unknown of block.querySelectorAll<HTMLElement>('[data-unknown]')) {
    unknown.title = `${words.unknown}: ${unknown.dataset.unknown ?? ''}`;
    if (unknown.textContent === '') unknown.textContent = unknown.title;
  }
  for (const formula of block.querySelectorAll<HTMLElement>('[data-type$="-math"]')) {
    const isBlock = formula.dataset.type === 'block-math';
    formula.className = isBlock ? 'formula formula-block' : 'formula';
    void drawFormula(formula, formula.dataset.latex ?? '', isBlock);
  }
}

function draw(block: PastNode, words: PaintWords): HTMLElement[] {
  const serializer = DOMSerializer.fromSchema(pastSchema());
  const drawn = serializer.serializeFragment(Fragment.from(pastNodes(block))) as DocumentFragment;
  finish(drawn, words);
  return [...drawn.childNodes].map((node) => {
    if (
      node instanceof HTMLElement &&
      node.matches('p, h1, h2, h3, h4, h5, h6, ul, ol, div, pre, blockquote')
    )
      return node;
    if (node instanceof HTMLElement && !node.matches('span, ins, del, strong, em, s, u, code, mark, a'))
      return node;
    // Text that stands directly in the document: a paragraph nobody made.
    const box = document.createElement('p');
    box.append(node);
    return box;
  });
}

/** Equal for blocks that are drawn alike. */
function keyOf(block: PastNode, place: number): string {
  try {
    return JSON.stringify(block);
  } catch {
    // Nested deeper than can be told: drawn anew each time.
    return `deep ${place}`;
  }
}

/**
 * Draws blocks into an element that nothing else writes into. A block that is what it was keeps its elements: moving
 * along a history changes a few blocks at a time.
 */
export class Painter {
  private drawn = new Map<string, HTMLElement[]>();

  constructor(
    private readonly into: HTMLElement,
    private readonly words: PaintWords,
  ) {}

  paint(blocks: readonly PastNode[]): void {
    const next = new Map<string, HTMLElement[]>();
    const wanted: HTMLElement[] = [];
    const copies = new Map<string, number>();
    for (const [place, block] of blocks.entries()) {
      const text = keyOf(block, place);
      const copy = copies.get(text) ?? 0;
      copies.set(text, copy + 1);
      const key = `${copy} ${text}`;
      const known = text.startsWith('deep') ? undefined : this.drawn.get(key);
      const elements = known ?? draw(block, this.words);
      next.set(key, elements);
      wanted.push(...elements);
    }
    this.drawn = next;
    const keep = new Set<Node>(wanted);
    for (const child of [...this.into.childNodes]) if (!keep.has(child)) child.remove();
    let at: ChildNode | null = this.into.firstChild;
    for (const element of wanted) {
      if (element === at) at = at.nextSibling;
      else this.into.insertBefore(element, at);
    }
  }
}
