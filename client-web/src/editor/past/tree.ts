/**
 * A document as the server tells of it: shared types as nodes of JSON. Whoever wrote the document chose its names and
 * attributes, so nothing in here is taken to be what the editor's schema knows.
 */
export interface PastNode {
  type: string;
  /** `client:clock` of the shared type. */
  id?: string | null;
  name?: string;
  attrs?: Record<string, unknown>;
  children?: PastNode[];
  delta?: PastText[];
  /** Instead of `delta` where two moments are merged. */
  parts?: PastText[];
  change?: PastChange;
  before?: { attrs?: Record<string, unknown> };
}

export interface PastText {
  insert: unknown;
  attributes?: Record<string, unknown> | null;
  change?: PastChange;
}

/** What happened to a node or a stretch of text, by whom, when. */
export interface PastChange {
  kind: string;
  by: string;
  at: number;
  seq: number;
}

export type PastRoots = Record<string, PastNode>;

/** Nested deeper than this, a stranger's document is shown flat. */
export const DEPTH_MAX = 60;

/** Everything written in a node, without its form. Iterative, because a stranger decides how deep a document is. */
export function plainText(node: PastNode | undefined): string {
  const found: string[] = [];
  const waiting = node === undefined ? [] : [node];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const { insert } of next.delta ?? next.parts ?? []) {
      if (typeof insert === 'string') found.push(insert);
    }
    for (const child of [...(next.children ?? [])].reverse()) waiting.push(child);
  }
  return found.join('');
}
