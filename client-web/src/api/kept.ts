/**
 * The last answers to the few questions without which nothing can be shown, kept in this browser so that a known page opens
 * without the server. In the server's form: whoever reads one reads it as carefully as a fresh one, so an answer that an
 * older client kept cannot break a newer one. They are somebody's, and go when they go (`sync/browser.ts`).
 */
const DATABASE = 'weft-answers';
const VERSION = 1;
const STORE = 'answers';
const BY_AGE = 'at';

/** Pages that one has looked at, and a few lists. */
export const ANSWERS_MAX = 500;
/** A server that takes longer may be one that a hotel's network pretends to reach. */
export const PATIENCE_MS = 4_000;

const KEPT = [
  /^\/api\/(server|me|home|spaces|notices)$/,
  /^\/api\/spaces\/[^/?]+\/pages$/,
  /^\/api\/pages\/[^/?]+$/,
];

export const isKept = (path: string): boolean => KEPT.some((pattern) => pattern.test(path));

interface Answer {
  path: string;
  /** In milliseconds since 1970. */
  at: number;
  body: unknown;
}

let opening: Promise<IDBDatabase> | null = null;

function open(): Promise<IDBDatabase> {
  opening ??= new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(DATABASE, VERSION);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(STORE, { keyPath: 'path' }).createIndex(BY_AGE, BY_AGE);
    };
    request.onsuccess = () => {
      const database = request.result;
      const forget = (): void => {
        opening = null;
      };
      // Another tab signs out: it cannot delete what we hold open.
      database.onversionchange = () => {
        database.close();
        forget();
      };
      database.onclose = forget;
      resolve(database);
    };
    request.onerror = () => reject(request.error);
  });
  opening.catch(() => {
    opening = null;
  });
  return opening;
}

/** Does `work` on the answers. A browser that stores nothing has none: that is no reason to fail. */
async function on<T>(
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T | undefined> {
  try {
    const database = await open();
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction([STORE], mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } catch {
    return undefined;
  }
}

let isOver = false;

/** From now on nothing is kept: whoever signs out leaves, and this page with them. */
export function keepNoMore(): void {
  isOver = true;
}

export async function keep(path: string, body: unknown, at: number = Date.now()): Promise<void> {
  if (isOver) return;
  const answer: Answer = { path, at, body };
  await on('readwrite', (store) => {
    const counting = store.count();
    counting.onsuccess = () => {
      let surplus = counting.result - ANSWERS_MAX;
      if (surplus < 1) return;
      store.index(BY_AGE).openCursor().onsuccess = ({ target }) => {
        const cursor = (target as IDBRequest<IDBCursorWithValue | null>).result;
        if (cursor === null || surplus < 1) return;
        surplus -= 1;
        cursor.delete();
        cursor.continue();
      };
    };
    return store.put(answer);
  });
}

export async function recall(path: string): Promise<unknown> {
  const answer = await on<Answer | undefined>('readonly', (store) => store.get(path));
  return answer?.body;
}

export async function forget(path: string): Promise<void> {
  await on('readwrite', (store) => store.delete(path));
}

let owed = 0;

/** Says that an answer was given from memory: the server is still to be asked. */
export function owe(): void {
  owed += 1;
}

/** How many answers were given from memory since this was last asked. */
export function takeOwed(): number {
  const count = owed;
  owed = 0;
  return count;
}
