import { isFresh, isMade } from './fresh';
import { type Link, openLink, socketUrl } from './link';
import { Session } from './session';
import { unsentDocuments } from './unsent';

/** A page left and entered again within this time keeps its session; React's strict mode does it in one tick. */
export const RELEASE_AFTER_MS = 1_000;
/** Sessions that nobody looks at but that still have edits to hand over. */
export const LINGERING_MAX = 20;

interface Entry {
  session: Session;
  holders: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  stopWaiting: (() => void) | undefined;
}

/** The open documents, each once however many parts of the page use it. */
export class Registry {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly open: (name: string) => Session) {}

  /** Pair every call with one `release`. */
  acquire(name: string): Session {
    let entry = this.entries.get(name);
    if (entry === undefined) {
      const session = this.open(name);
      entry = { session, holders: 0, timer: undefined, stopWaiting: undefined };
      this.entries.set(name, entry);
    }
    entry.holders += 1;
    clearTimeout(entry.timer);
    entry.timer = undefined;
    entry.stopWaiting?.();
    entry.stopWaiting = undefined;
    return entry.session;
  }

  release(name: string): void {
    const entry = this.entries.get(name);
    if (entry === undefined || entry.holders === 0) return;
    entry.holders -= 1;
    if (entry.holders > 0) return;
    entry.timer = setTimeout(() => this.retire(name, entry), RELEASE_AFTER_MS);
  }

  /** Closes a session nobody holds, but not before its edits are stored: leaving a page must not delay them. */
  private retire(name: string, entry: Entry): void {
    entry.timer = undefined;
    const lingering = [...this.entries.values()].filter((other) => other.stopWaiting !== undefined).length;
    if (entry.session.unsent > 0 && lingering < LINGERING_MAX) {
      entry.stopWaiting = entry.session.subscribe(() => {
        if (entry.session.unsent > 0) return;
        entry.stopWaiting?.();
        entry.stopWaiting = undefined;
        this.close(name, entry);
      });
      return;
    }
    this.close(name, entry);
  }

  private close(name: string, entry: Entry): void {
    this.entries.delete(name);
    entry.session.destroy();
  }

  /** True when closing the tab now would lose an edit. */
  get atRisk(): boolean {
    return [...this.entries.values()].some((entry) => entry.session.getView().atRisk);
  }

  /** Resolves as soon as closing the tab would lose nothing. */
  whenSafe(): Promise<void> {
    return new Promise((resolve) => {
      const stops: (() => void)[] = [];
      const look = (): void => {
        if (this.atRisk) return;
        for (const stop of stops) stop();
        resolve();
      };
      for (const { session } of this.entries.values()) stops.push(session.subscribe(look));
      look();
    });
  }

  /** Whoever was here has left: their documents are closed, whoever still holds them. */
  endAll(): void {
    for (const [name, entry] of [...this.entries]) {
      clearTimeout(entry.timer);
      entry.stopWaiting?.();
      this.close(name, entry);
    }
  }

  get size(): number {
    return this.entries.size;
  }
}

let link: Link | null = null;

let share: string | null = null;

/** From now on documents are opened as somebody who holds this public link; null is as oneself. */
export function openAs(secret: string | null): void {
  if (secret === share) return;
  share = secret;
  // Sessions that are open keep the socket they have; it ends with the last of them.
  link = null;
}

function theLink(): Link {
  link ??= openLink(socketUrl(window.location, share));
  return link;
}

export const registry: Registry = new Registry(
  (name) => new Session(name, theLink(), isFresh(name), isMade(name)),
);

/** Sends what earlier visits could not: opens each such document until its edits are stored. */
export function sendUnsent(): void {
  for (const name of unsentDocuments().slice(0, LINGERING_MAX)) {
    registry.acquire(name);
    registry.release(name);
  }
}

/** Asks before leaving only when leaving would lose something. */
function guardLeaving(): void {
  window.addEventListener('beforeunload', (event) => {
    if (registry.atRisk) event.preventDefault();
  });
}

guardLeaving();
