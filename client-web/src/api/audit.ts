import { count, each, fields, get, isObject, query, text, words } from './read';

/** What is written down, in the order in which it is chosen from. */
export const ENTRY_KINDS = [
  'set-up',
  'signed-in',
  'sign-in-refused',
  'signed-out',
  'password-changed',
  'reset-made',
  'password-reset',
  'second-step-added',
  'second-step-removed',
  'recovery-code-used',
  'account-linked',
  'passkey-added',
  'passkey-removed',
  'token-made',
  'token-revoked',
  'invited',
  'invitation-revoked',
  'joined',
  'person-added',
  'person-changed',
  'suspended',
  'readmitted',
  'person-removed',
  'group-made',
  'group-changed',
  'group-removed',
  'space-made',
  'space-changed',
  'space-removed',
  'space-granted',
  'space-taken-over',
  'page-access',
  'shared',
  'share-changed',
  'share-ended',
  'page-trashed',
  'page-restored',
  'page-destroyed',
  'history-restored',
  'history-erased',
  'exported',
] as const;

/** Something that somebody did and that may matter later. */
export interface Entry {
  id: string;
  at: number;
  by: { id: string; name: string } | null;
  kind: string;
  object: string | null;
  detail: string | null;
  address: string | null;
}

/** Whatever the server wrote down, as one line. */
function line(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  if (isObject(value)) {
    const name = text(value.name) ?? text(value.title);
    return name ?? (Object.keys(value).length === 0 ? null : JSON.stringify(value));
  }
  return text(value);
}

function entry(value: unknown): Entry | null {
  const { id, at, by, kind, object, detail, address } = fields(value);
  if (typeof id !== 'string' && typeof id !== 'number') return null;
  const person = fields(by);
  return {
    id: String(id),
    at: count(at),
    by: typeof person.id === 'string' ? { id: person.id, name: words(person.name) } : null,
    kind: words(kind),
    object: line(object),
    detail: line(detail),
    address: text(address),
  };
}

export interface AuditPage {
  entries: Entry[];
  /** What to ask for next, or null at the beginning. */
  next: string | null;
}

export async function readAudit(
  options: { before?: string; limit?: number; kind?: string },
  signal?: AbortSignal,
): Promise<AuditPage> {
  const answer = await get(`/api/audit${query(options)}`, signal);
  const { next } = answer;
  return {
    entries: each(answer.entries, entry),
    next: typeof next === 'number' ? String(next) : text(next),
  };
}

export const AUDIT_CSV = '/api/audit?format=csv';
