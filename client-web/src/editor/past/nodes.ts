import type { Mark, Node, NodeType, Schema } from '@tiptap/pm/model';
import { type BlockPast, pastSchema } from './schema';
import { DEPTH_MAX, type PastChange, type PastNode, type PastText, plainText } from './tree';

/** Overlapping marks are stored as `name--hash`, the hash being eight base64 characters. */
const OVERLAPPING = /^(.*)--[a-zA-Z0-9+/=]{8}$/;

const CHANGE_MARKS: Record<string, string> = {
  added: 'pastAdded',
  removed: 'pastRemoved',
  formatted: 'pastFormatted',
};

const fields = (value: unknown): Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};

/** Where a node stands: what is around it decides how something unknown is drawn, and which changes go without saying. */
interface Around {
  inline: boolean;
  depth: number;
  /** The change of the whole block that this is in. */
  change: PastChange | null;
}

function markOf(schema: Schema, key: string, value: unknown): Mark | null {
  // A format that was taken away is stored as null.
  if (value === null || value === undefined) return null;
  const name = OVERLAPPING.exec(key)?.[1] ?? key;
  const type = Object.hasOwn(schema.marks, name) ? schema.marks[name] : undefined;
  if (type === undefined || name.startsWith('past')) {
    return schema.marks.pastUnknownMark?.create({ what: name }) ?? null;
  }
  return type.create(fields(value));
}

/** A block that is new as a whole needs no word that each of its letters is new too, unless they are someone else's. */
function saysMore(change: PastChange, around: PastChange | null): boolean {
  return around === null || around.kind !== change.kind || around.by !== change.by;
}

function marksOf(schema: Schema, part: PastText, around: Around): Mark[] {
  const marks = Object.entries(part.attributes ?? {})
    .map(([key, value]) => markOf(schema, key, value))
    .filter((mark) => mark !== null);
  const { change } = part;
  if (change !== undefined && saysMore(change, around.change)) {
    const mark = schema.marks[CHANGE_MARKS[change.kind] ?? 'pastFormatted']?.create({ change });
    if (mark !== undefined) marks.push(mark);
  }
  return marks;
}

function textNodes(schema: Schema, parts: PastText[], around: Around): Node[] {
  return parts.flatMap((part) => {
    const marks = marksOf(schema, part, around);
    if (typeof part.insert === 'string') return part.insert === '' ? [] : [schema.text(part.insert, marks)];
    const what = String(fields(part.insert).type ?? 'embed');
    return schema.nodes.pastUnknownInline?.create({ what }, null, marks) ?? [];
  });
}

const partsOf = (node: PastNode): PastText[] => node.parts ?? node.delta ?? [];

/** The parts of a text; what happened to the text as a whole happened to each that nothing else is told of. */
function changedParts(node: PastNode): PastText[] {
  const { change } = node;
  if (change === undefined) return partsOf(node);
  return partsOf(node).map((part) => (part.change === undefined ? { ...part, change } : part));
}

/** What was done to the words of a block, or to the whole that it is in, as one sign. */
function signOf(node: PastNode, isTextblock: boolean, around: Around): BlockPast['sign'] {
  const own = node.change?.kind ?? (around.change?.kind === 'changed' ? undefined : around.change?.kind);
  if (own === 'added') return '+';
  if (own === 'removed') return '−';
  const texts = isTextblock ? (node.children ?? []) : [];
  const kinds = new Set(
    texts.flatMap((text) => [text, ...partsOf(text)]).map((part) => part.change?.kind ?? ''),
  );
  const [added, removed] = [kinds.has('added'), kinds.has('removed')];
  if (added && removed) return '±';
  if (added) return '+';
  if (removed) return '−';
  return kinds.has('formatted') || own === 'changed' ? '±' : '';
}

function typeOf(
  schema: Schema,
  node: PastNode,
  around: Around,
): { type: NodeType | undefined; known: boolean } {
  const name = node.name ?? '';
  const isOurs = name.startsWith('past') || name === 'doc' || name === 'text';
  const type = !isOurs && Object.hasOwn(schema.nodes, name) ? schema.nodes[name] : undefined;
  if (type !== undefined) return { type, known: true };
  return { type: schema.nodes[around.inline ? 'pastUnknownInline' : 'pastUnknownBlock'], known: false };
}

function element(schema: Schema, node: PastNode, around: Around): Node[] {
  const { type, known } = typeOf(schema, node, around);
  if (type === undefined) return [];
  const change = node.change !== undefined && saysMore(node.change, around.change) ? node.change : null;
  const isTextblock = type.inlineContent;
  const sign = around.inline ? '' : signOf(node, isTextblock || !known, around);
  const past: BlockPast = {
    id: node.id ?? null,
    change,
    // One sign for a block and all in it: on the lines of text, or on what holds none.
    sign: isTextblock || type.isLeaf || !known ? sign : '',
  };
  const inside: Around = {
    inline: around.inline || isTextblock,
    depth: around.depth + 1,
    change: node.change ?? around.change,
  };
  const children = type.isLeaf ? [] : (node.children ?? []).flatMap((child) => nodes(schema, child, inside));
  const content = type.isLeaf && !known ? null : children;
  return [type.create({ ...node.attrs, past, what: node.name ?? '' }, content)];
}

function nodes(schema: Schema, node: PastNode, around: Around): Node[] {
  if (around.depth > DEPTH_MAX) {
    const flat = plainText(node);
    return flat === '' ? [] : [schema.text(flat)];
  }
  switch (node.type) {
    case 'text':
      return textNodes(schema, changedParts(node), around);
    case 'element':
      return element(schema, node, around);
    case 'fragment':
      return (node.children ?? []).flatMap((child) => nodes(schema, child, around));
    default:
      return element(schema, { ...node, type: 'element', name: node.type, children: [] }, around);
  }
}

/** What to draw for one child of the page's body. Never empty-handed: what is unknown becomes a box with its text. */
export function pastNodes(block: PastNode): Node[] {
  return nodes(pastSchema(), block, { inline: false, depth: 0, change: null });
}
