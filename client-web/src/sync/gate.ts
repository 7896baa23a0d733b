import * as Y from 'yjs';
import { BODY_FIELD, FACTS_FIELD, type KnownNames, SCHEMA, SCHEMA_VERSION, TITLE_FIELD } from './schema';

/**
 * The schema gate. The editor binding deletes from the shared document what its schema does not know, and it does so
 * on mere rendering. So nothing may be mounted, and nothing may stay mounted, on a document that holds such a thing.
 */
export type Miss =
  | { what: 'version'; name: string }
  | { what: 'node'; name: string }
  | { what: 'mark'; name: string }
  | { what: 'attribute'; name: string }
  | { what: 'shape'; name: string };

/** Written by other apps for every link; dropping them when the link is edited loses nothing that we show. */
const NEEDLESS_MARK_ATTRIBUTES: Record<string, readonly string[]> = {
  link: ['target', 'rel', 'class', 'title'],
};

/** Overlapping marks are stored as `name--hash`, the hash being eight base64 characters. */
const OVERLAPPING = /^(.*)--[a-zA-Z0-9+/=]{8}$/;

const own = (object: object, key: string): boolean => Object.hasOwn(object, key);

function missInMark(key: string, value: unknown, known: KnownNames): Miss | null {
  const name = OVERLAPPING.exec(key)?.[1] ?? key;
  const mark = own(known.marks, name) ? known.marks[name] : undefined;
  if (mark === undefined) return { what: 'mark', name };
  if (value === null || typeof value !== 'object') return null;
  for (const attribute of Object.keys(value)) {
    if (own(mark.attrs, attribute)) continue;
    if (NEEDLESS_MARK_ATTRIBUTES[name]?.includes(attribute)) continue;
    return { what: 'attribute', name: `${name}.${attribute}` };
  }
  return null;
}

function missInText(text: Y.XmlText, known: KnownNames): Miss | null {
  for (const run of text.toDelta() as { insert: unknown; attributes?: Record<string, unknown> }[]) {
    if (typeof run.insert !== 'string') return { what: 'shape', name: 'embed' };
    for (const [key, value] of Object.entries(run.attributes ?? {})) {
      const miss = missInMark(key, value, known);
      if (miss !== null) return miss;
    }
  }
  return null;
}

function missInAttributes(element: Y.XmlElement, known: KnownNames): Miss | null {
  const node = own(known.nodes, element.nodeName) ? known.nodes[element.nodeName] : undefined;
  if (node === undefined) return { what: 'node', name: element.nodeName };
  for (const attribute of Object.keys(element.getAttributes())) {
    if (!own(node.attrs, attribute)) return { what: 'attribute', name: `${element.nodeName}.${attribute}` };
  }
  return null;
}

/** Looks at `root` and everything in it. Iterative, because a stranger decides how deep a document is. */
function missBelow(root: unknown, known: KnownNames): Miss | null {
  const waiting: unknown[] = [root];
  while (waiting.length > 0) {
    const type = waiting.pop();
    if (type instanceof Y.XmlText) {
      const miss = missInText(type, known);
      if (miss !== null) return miss;
    } else if (type instanceof Y.XmlElement) {
      const miss = missInAttributes(type, known);
      if (miss !== null) return miss;
      waiting.push(...type.toArray());
    } else {
      return { what: 'shape', name: 'hook' };
    }
  }
  return null;
}

function missInFragment(fragment: Y.XmlFragment, known: KnownNames): Miss | null {
  for (const child of fragment.toArray()) {
    // The binding throws on text that stands directly in the document.
    if (!(child instanceof Y.XmlElement)) return { what: 'shape', name: 'loose text' };
    const miss = missBelow(child, known);
    if (miss !== null) return miss;
  }
  return null;
}

function missInVersion(doc: Y.Doc): Miss | null {
  const version = doc.getMap(FACTS_FIELD).get('schema');
  if (version === undefined) return null;
  if (typeof version === 'number' && version <= SCHEMA_VERSION) return null;
  return { what: 'version', name: String(version) };
}

/** The fields that an editor is bound to, with what each may hold. */
function fields(doc: Y.Doc): [Y.XmlFragment, KnownNames][] {
  return [
    [doc.getXmlFragment(BODY_FIELD), SCHEMA.body],
    [doc.getXmlFragment(TITLE_FIELD), SCHEMA.title],
  ];
}

/** Walks the whole document once. Null means that every editor may be mounted. */
export function findMiss(doc: Y.Doc): Miss | null {
  const version = missInVersion(doc);
  if (version !== null) return version;
  for (const [fragment, known] of fields(doc)) {
    const miss = missInFragment(fragment, known);
    if (miss !== null) return miss;
  }
  return null;
}

// biome-ignore lint/suspicious/noExplicitAny: the event types of Yjs' classes do not fit their common base
type AnyType = Y.AbstractType<any>;

function rootOf(type: AnyType): AnyType {
  let root = type;
  while (root._item !== null) root = root._item.parent as AnyType;
  return root;
}

/** The children of `type` that this transaction brought, in full; older ones were looked at when they came. */
function missInArrivals(type: AnyType, transaction: Y.Transaction, known: KnownNames): Miss | null {
  for (let item = type._start; item !== null; item = item.right) {
    if (item.deleted) continue;
    const before = transaction.beforeState.get(item.id.client) ?? 0;
    if (item.id.clock + item.length <= before) continue;
    if (!(item.content instanceof Y.ContentType)) return { what: 'shape', name: 'loose content' };
    const child = item.content.type;
    if (type._item === null && !(child instanceof Y.XmlElement)) return { what: 'shape', name: 'loose text' };
    const miss = missBelow(child, known);
    if (miss !== null) return miss;
  }
  return null;
}

function missInTransaction(
  doc: Y.Doc,
  guarded: Map<unknown, KnownNames>,
  facts: unknown,
  transaction: Y.Transaction,
): Miss | null {
  for (const [changed, keys] of transaction.changed) {
    const type = changed as unknown as AnyType;
    const root = rootOf(type);
    if (root === facts) {
      const miss = missInVersion(doc);
      if (miss !== null) return miss;
      continue;
    }
    const known = guarded.get(root);
    if (known === undefined) continue;
    let miss: Miss | null = null;
    if (type instanceof Y.XmlText) miss = missInText(type, known);
    else {
      if (type instanceof Y.XmlElement) miss = missInAttributes(type, known);
      if (miss === null && keys.has(null)) miss = missInArrivals(type, transaction, known);
    }
    if (miss !== null) return miss;
  }
  return null;
}

/**
 * Calls `onMiss` as soon as an update from elsewhere brings something unknown, *before* any observer of the document
 * runs. The binding is such an observer: whoever destroys the editors inside `onMiss` does it in time, because Yjs
 * reads the list of observers only afterwards. Returns the function that stops watching.
 */
export function watchForMiss(doc: Y.Doc, onMiss: (miss: Miss) => void): () => void {
  // Named now: a part of a document that nobody has named is another object, without a type, when its content comes.
  const guarded = new Map<unknown, KnownNames>(fields(doc));
  const facts = doc.getMap(FACTS_FIELD);
  const look = (transaction: Y.Transaction): void => {
    if (transaction.local) return;
    const miss = missInTransaction(doc, guarded, facts, transaction);
    if (miss !== null) onMiss(miss);
  };
  doc.on('beforeObserverCalls', look);
  return () => doc.off('beforeObserverCalls', look);
}

/** Marks the page as holding our version's content. Called with the first edit, never on mere opening. */
export function claimSchema(doc: Y.Doc, origin: unknown): void {
  const facts = doc.getMap(FACTS_FIELD);
  const version = facts.get('schema');
  if (typeof version === 'number' && version >= SCHEMA_VERSION) return;
  doc.transact(() => facts.set('schema', SCHEMA_VERSION), origin);
}
