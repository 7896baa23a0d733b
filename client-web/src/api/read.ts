import { forget, isKept, keep, owe, PATIENCE_MS, recall } from './kept';
import { ApiError, mayPass, request, sharedBy } from './request';

/** An answer is read field by field: what is missing or of another kind becomes nothing, never an exception later on. */
export type Fields = Record<string, unknown>;

export const isObject = (value: unknown): value is Fields =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
export const fields = (value: unknown): Fields => (isObject(value) ? value : {});
export const count = (value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) ? value : 0;
/** A time in milliseconds since 1970, or null. */
export const moment = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;
export const text = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null;
export const words = (value: unknown): string => (typeof value === 'string' ? value : '');
export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
export const texts = (value: unknown): string[] =>
  list(value).filter((one): one is string => typeof one === 'string');

/** Reads each entry and leaves out those that are not what they should be. */
export function each<T>(value: unknown, read: (one: unknown) => T | null): T[] {
  return list(value)
    .map(read)
    .filter((one) => one !== null);
}

export function oneOf<const T extends string>(value: unknown, known: readonly T[], otherwise: T): T {
  return known.find((one) => one === value) ?? otherwise;
}

export function unreadable(status: number): ApiError {
  return new ApiError('The server sent something that is not what was asked for.', status);
}

/** What `read` makes of an answer that must make sense. */
export function sure<T>(read: T | null): T {
  if (read === null) throw unreadable(200);
  return read;
}

export async function body(response: Response): Promise<Fields> {
  let answer: unknown;
  try {
    answer = await response.json();
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw unreadable(response.status);
  }
  if (!isObject(answer)) throw unreadable(response.status);
  return answer;
}

async function ask(path: string, signal?: AbortSignal): Promise<Fields> {
  return body(await request(path, { signal: signal ?? null, headers: { accept: 'application/json' } }));
}

/** Asks the server. Where it cannot be reached, some questions have the answer that it gave last. */
export async function get(path: string, signal?: AbortSignal): Promise<Fields> {
  // Who holds a public link is asked as nobody, and nobody's answers are not kept.
  if (!isKept(path) || sharedBy() !== null) return ask(path, signal);
  const asked = ask(path, signal);
  const kept = asked.then(
    (answer) => void keep(path, answer),
    (error: unknown) => {
      if (error instanceof ApiError && (error.status === 403 || error.status === 404)) void forget(path);
    },
  );
  try {
    return await Promise.race([asked, patience(kept)]);
  } catch (error) {
    if (!mayPass(error)) throw error;
    const answer = await recall(path);
    if (isObject(answer)) {
      owe();
      return answer;
    }
    return asked;
  }
}

/** Fails as an unreachable server would when `done` takes too long; else it never ends. */
function patience(done: Promise<void>): Promise<never> {
  return new Promise((_, reject) => {
    const timer = setTimeout(() => reject(new ApiError('The server takes long.', null)), PATIENCE_MS);
    void done.then(() => clearTimeout(timer));
  });
}

/** Sends `wish` and reads the answer; an answer without a body is read as no fields. */
export async function send(
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  wish?: object,
): Promise<Fields> {
  const response = await request(path, {
    method,
    headers: {
      accept: 'application/json',
      ...(wish === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: wish === undefined ? null : JSON.stringify(wish),
  });
  return response.status === 204 || response.status === 202 ? {} : body(response);
}

/** One part of an address; whatever it is made of, it stays one part. */
export const part = (name: string): string => encodeURIComponent(name);

export function query(values: Record<string, string | number | undefined>): string {
  const known = Object.entries(values).filter((entry): entry is [string, string | number] => {
    return entry[1] !== undefined;
  });
  const asked = new URLSearchParams(known.map(([key, value]) => [key, String(value)])).toString();
  return asked === '' ? '' : `?${asked}`;
}
