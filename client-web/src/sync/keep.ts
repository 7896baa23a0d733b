import { IndexeddbPersistence } from 'y-indexeddb';
import type * as Y from 'yjs';

const UPDATES = 'updates';
const NOTES = 'custom';
/** Each visit counts its own unacknowledged edits, so that two tabs on one page do not overwrite each other's count. */
const COUNT_PREFIX = 'unsent:';

/**
 * This browser's copy of one document, and beside it how many edits in it the server has not acknowledged. Wraps
 * y-indexeddb so that it can be replaced, and adds the two things it does not say: that a write is finished, and the
 * count.
 */
export class Keep {
  /** Resolves when the copy has been read, or when it turned out that this browser keeps none. */
  readonly loaded: Promise<void>;
  /** Edits of earlier visits, and of other tabs, that were not acknowledged when we looked. */
  earlier = 0;
  /** False when storage is blocked or full: then edits live only as long as the tab. */
  available = true;
  /** Every edit so far is in the browser's database. */
  kept = true;

  private readonly persistence: IndexeddbPersistence;
  private readonly countKey: string;
  private readonly counts = new Map<string, number>();
  private wanted: number | null = null;
  private writing: Promise<void> | null = null;
  private closed = false;

  constructor(
    readonly name: string,
    private readonly doc: Y.Doc,
    private readonly onChange: () => void,
  ) {
    this.countKey = `${COUNT_PREFIX}${doc.clientID}`;
    this.persistence = new IndexeddbPersistence(`weft/${name}`, doc);
    this.loaded = this.load();
  }

  private async load(): Promise<void> {
    try {
      // y-indexeddb keeps the opening promise to itself, and never settles `whenSynced` when opening fails.
      await (this.persistence as unknown as { _db: Promise<IDBDatabase> })._db;
      await this.persistence.whenSynced;
      await this.readCounts();
    } catch {
      this.available = false;
      this.kept = false;
    }
    this.onChange();
  }

  private get database(): IDBDatabase | null {
    return this.persistence.db;
  }

  private async readCounts(): Promise<void> {
    const database = this.database;
    if (database === null) return;
    await new Promise<void>((resolve, reject) => {
      const transaction = database.transaction([NOTES], 'readonly');
      const range = IDBKeyRange.bound(COUNT_PREFIX, `${COUNT_PREFIX}\uffff`);
      const request = transaction.objectStore(NOTES).openCursor(range);
      request.onsuccess = () => {
        const cursor = request.result;
        if (cursor === null) return;
        const key = String(cursor.key);
        if (key !== this.countKey && typeof cursor.value === 'number') this.counts.set(key, cursor.value);
        cursor.continue();
      };
      transaction.oncomplete = () => resolve();
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
    this.earlier = [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /**
   * Writes down that this visit has `edits` unacknowledged edits. The write covers the store of updates as well, so
   * it is finished only after y-indexeddb's own write of the edit, which was asked for before it.
   */
  note(edits: number): void {
    if (!this.available || this.closed) return;
    this.kept = false;
    this.wanted = edits;
    this.writing ??= this.write();
  }

  /** The server has everything: forgets the counts that this document's content covers. */
  settle(): void {
    const stale = new Map(this.counts);
    this.counts.clear();
    this.earlier = 0;
    void this.loaded.then(() => {
      const database = this.database;
      if (database === null || this.closed || stale.size === 0) return;
      const store = database.transaction([NOTES], 'readwrite').objectStore(NOTES);
      for (const [key, count] of stale) {
        const request = store.get(key);
        // Another tab that is still writing has raised its count since; it will settle that itself.
        request.onsuccess = () => {
          if (request.result === count) store.delete(key);
        };
      }
    });
    this.note(0);
  }

  private async write(): Promise<void> {
    await this.loaded;
    while (this.wanted !== null && this.available) {
      const edits = this.wanted;
      this.wanted = null;
      try {
        await this.writeCount(edits);
        this.kept = this.wanted === null;
      } catch {
        this.available = false;
        this.kept = false;
      }
      this.onChange();
    }
    // At once, or a note made before the promise is settled would find nobody to write it.
    this.writing = null;
  }

  private writeCount(edits: number): Promise<void> {
    const database = this.database;
    if (database === null) return Promise.reject(new Error('The database is closed.'));
    return new Promise((resolve, reject) => {
      const transaction = database.transaction([UPDATES, NOTES], 'readwrite');
      const store = transaction.objectStore(NOTES);
      if (edits === 0) store.delete(this.countKey);
      else store.put(edits, this.countKey);
      transaction.oncomplete = () => resolve();
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  }

  /** What was noted is still written down: else the next visit would count edits that the server has long had. */
  close(): void {
    this.closed = true;
    // It would close the database as soon as the document is destroyed, in the middle of a write.
    this.doc.off('destroy', this.persistence.destroy);
    void Promise.resolve(this.writing)
      .then(() => this.persistence.destroy())
      .catch(() => undefined);
  }
}
