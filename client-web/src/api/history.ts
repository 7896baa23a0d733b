import { count, fields, get, isObject, list, query, send, text, unreadable } from './read';
import { request } from './request';

/** A place in a document's log and when it was written, in milliseconds since 1970. */
export interface Stamp {
  seq: number;
  time: number;
}

/** Who wrote something. `name` is what they called themselves; `user` is set for people who signed in. */
export interface Author {
  key: string;
  name: string | null;
  user: string | null;
}

/** The key of whoever wrote what is older than the changes that are kept: nobody knows any more who it was. */
export const EARLIER = 'earlier';
/** The key of whoever erased something for good. */
export const OPERATOR = 'operator';

/** `earlier` stands for all older changes where the server does not keep them. */
export const SESSION_KINDS = ['edit', 'restore', 'import', 'server', 'erase', 'earlier'] as const;
export type SessionKind = (typeof SESSION_KINDS)[number];

/** Neighbouring changes without a long pause between them; a restore, an import or the server's own stands alone. */
export interface EditSession {
  from: Stamp;
  to: Stamp;
  authors: string[];
  kind: SessionKind;
  /** In UTF-16 units of text. */
  added: number;
  removed: number;
  records: number;
  restored: { to?: number; from?: number; author?: string; whole: boolean } | null;
  /** What the operator erased for good, where it is known. */
  erased: { characters: number; reason: string | null } | null;
}

export interface TimelinePage {
  first: Stamp;
  head: Stamp;
  authors: Author[];
  sessions: EditSession[];
  /** What to ask for next, or null at the beginning of the document. */
  next: number | null;
}

export interface Counts {
  records: number;
  added: number;
  removed: number;
}

export interface Bucket {
  from: Stamp;
  to: Stamp;
  changes: Record<string, Counts>;
}

export interface Density {
  from: Stamp;
  to: Stamp;
  authors: Author[];
  buckets: Bucket[];
}

export interface ChangeNote {
  kind: string;
  by: string;
  at: number;
  seq: number;
}

export interface TextPart {
  insert: unknown;
  attributes?: Record<string, unknown> | null;
  change?: ChangeNote;
}

/** One node of a document as it was, or of two moments of it merged; read with care, whoever wrote it chose the names. */
export interface TreeNode {
  type: string;
  id?: string | null;
  name?: string;
  attrs?: Record<string, unknown>;
  children?: TreeNode[];
  delta?: TextPart[];
  parts?: TextPart[];
  entries?: Record<string, TreeNode>;
  change?: ChangeNote;
  before?: { attrs?: Record<string, unknown> };
}

export type Roots = Record<string, TreeNode>;

export interface Moment {
  seq: number;
  time: number;
  author: Author | null;
  roots: Roots;
}

export interface Summary {
  added: number;
  removed: number;
  blocks: { added: number; removed: number; changed: number; moved: number };
}

export interface Difference {
  from: Stamp;
  to: Stamp;
  authors: Author[];
  summary: Summary;
  roots: Roots;
}

export interface Run {
  id: string;
  len: number;
  text: string;
  by: string;
  at: number;
  seq: number;
  deleted: { by: string; at: number; seq: number } | null;
}

export interface Blame {
  authors: Author[];
  runs: Run[];
}

export interface Version {
  id: string;
  name: string | null;
  kind: 'named' | 'automatic';
  seq: number;
  time: number;
  by: Author | null;
}

/** What to bring back: a moment, some blocks of it, or the document without what was done in between. */
export type RestoreWish = { to: number; blocks?: string[] } | { from: number; to: number; author?: string };

export interface Restored {
  seq: number;
  /** False when everything was as asked already; nothing was written then. */
  changed: boolean;
  added: number;
  removed: number;
}

function stamp(value: unknown): Stamp {
  const { seq, time } = fields(value);
  return { seq: count(seq), time: count(time) };
}

function author(value: unknown): Author | null {
  if (typeof value === 'string') return { key: value, name: null, user: null };
  const { key, name, user } = fields(value);
  return typeof key === 'string' ? { key, name: text(name), user: text(user) } : null;
}

const authors = (value: unknown): Author[] =>
  list(value)
    .map(author)
    .filter((one) => one !== null);

function session(value: unknown): EditSession {
  const { from, to, authors: keys, kind, added, removed, records, restored, erased } = fields(value);
  return {
    from: stamp(from),
    to: stamp(to),
    authors: list(keys).filter((key) => typeof key === 'string'),
    kind: SESSION_KINDS.find((known) => known === kind) ?? 'edit',
    added: count(added),
    removed: count(removed),
    records: count(records),
    restored: isObject(restored)
      ? { ...(restored as { to?: number; from?: number; author?: string }), whole: restored.whole === true }
      : null,
    erased: isObject(erased) ? { characters: count(erased.characters), reason: text(erased.reason) } : null,
  };
}

function bucket(value: unknown): Bucket {
  const { from, to, changes } = fields(value);
  const read = Object.entries(fields(changes)).map(([key, counts]): [string, Counts] => {
    const { records, added, removed } = fields(counts);
    return [key, { records: count(records), added: count(added), removed: count(removed) }];
  });
  return { from: stamp(from), to: stamp(to), changes: Object.fromEntries(read) };
}

function run(value: unknown): Run {
  const { id, len, text: written, by, at, seq, deleted } = fields(value);
  const gone = fields(deleted);
  return {
    id: text(id) ?? '',
    len: count(len),
    text: text(written) ?? '',
    by: text(by) ?? '',
    at: count(at),
    seq: count(seq),
    deleted: isObject(deleted) ? { by: text(gone.by) ?? '', at: count(gone.at), seq: count(gone.seq) } : null,
  };
}

function version(value: unknown): Version | null {
  const { id, name, kind, seq, time, by } = fields(value);
  if (typeof id !== 'string') return null;
  return {
    id,
    name: text(name),
    kind: kind === 'named' ? 'named' : 'automatic',
    seq: count(seq),
    time: count(time),
    by: author(by),
  };
}

const roots = (value: unknown): Roots => fields(value) as Roots;

const base = (name: string): string => `/api/docs/${encodeURIComponent(name)}`;

/** The editing sessions before `before`, newest first. */
export async function readTimeline(
  name: string,
  options: { before?: number; limit?: number } = {},
  signal?: AbortSignal,
): Promise<TimelinePage> {
  const answer = await get(`${base(name)}/history${query(options)}`, signal);
  return {
    first: stamp(answer.first),
    head: stamp(answer.head),
    authors: authors(answer.authors),
    sessions: list(answer.sessions).map(session),
    next: typeof answer.next === 'number' ? answer.next : null,
  };
}

/** How much was changed by whom, from the first change to the last, in at most `buckets` stretches of equally many. */
export async function readDensity(name: string, buckets: number, signal?: AbortSignal): Promise<Density> {
  const answer = await get(`${base(name)}/history/density${query({ buckets, by: 'seq' })}`, signal);
  return {
    from: stamp(answer.from),
    to: stamp(answer.to),
    authors: authors(answer.authors),
    buckets: list(answer.buckets).map(bucket),
  };
}

/** The document as it was once change `seq` had been made. */
export async function readMoment(name: string, seq: number, signal?: AbortSignal): Promise<Moment> {
  const answer = await get(`${base(name)}/at/${seq}`, signal);
  return {
    seq: count(answer.seq),
    time: count(answer.time),
    author: author(answer.author),
    roots: roots(fields(answer.tree).roots),
  };
}

/** What is different at `to` from `from`, merged into one tree. */
export async function readDifference(
  name: string,
  from: number,
  to: number,
  signal?: AbortSignal,
): Promise<Difference> {
  const answer = await get(`${base(name)}/diff${query({ from, to })}`, signal);
  const { added, removed, blocks } = fields(answer.summary);
  const changed = fields(blocks);
  return {
    from: stamp(answer.from),
    to: stamp(answer.to),
    authors: authors(answer.authors),
    summary: {
      added: count(added),
      removed: count(removed),
      blocks: {
        added: count(changed.added),
        removed: count(changed.removed),
        changed: count(changed.changed),
        moved: count(changed.moved),
      },
    },
    roots: roots(answer.roots),
  };
}

/** Who wrote these stretches of elements, each `client:clock+len`. */
export async function readBlame(name: string, ids: string[], signal?: AbortSignal): Promise<Blame> {
  // Encoded, because a bare plus in a query is read as a space.
  const answer = await get(`${base(name)}/blame?ids=${ids.map(encodeURIComponent).join(',')}`, signal);
  return { authors: authors(answer.authors), runs: list(answer.runs).map(run) };
}

export async function readVersions(name: string, signal?: AbortSignal): Promise<Version[]> {
  const answer = await get(`${base(name)}/versions`, signal);
  return list(answer.versions)
    .map(version)
    .filter((one) => one !== null);
}

const oneVersion = (name: string, id: string): string => `${base(name)}/versions/${encodeURIComponent(id)}`;

export async function nameVersion(
  name: string,
  wish: { name: string; seq: number; by: string },
): Promise<Version | null> {
  return version(await send('POST', `${base(name)}/versions`, wish));
}

export async function renameVersion(name: string, id: string, to: string): Promise<void> {
  await request(oneVersion(name, id), {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: to }),
  });
}

/** Takes the name away; the moment itself stays in the history. */
export async function unnameVersion(name: string, id: string): Promise<void> {
  await request(oneVersion(name, id), { method: 'DELETE' });
}

/** Resolves once what was brought back is on the server's disk. */
export async function restore(name: string, wish: RestoreWish, by: string): Promise<Restored> {
  const answer = await send('POST', `${base(name)}/restore`, { ...wish, by });
  return {
    seq: count(answer.seq),
    changed: answer.changed === true,
    added: count(answer.added),
    removed: count(answer.removed),
  };
}

/** Makes a new document of a moment; answers with its name. */
export async function copyAsNew(name: string, at: number, by: string): Promise<string> {
  const answer = await send('POST', `${base(name)}/copy`, { at, by });
  const copied = text(answer.name);
  if (copied === null) throw unreadable(201);
  return copied;
}
