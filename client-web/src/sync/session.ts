import { HocuspocusProvider } from '@hocuspocus/provider';
import { createDecoder, readVarInt, readVarString, readVarUint } from 'lib0/decoding';
import { Awareness } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { claimSchema, findMiss, type Miss, watchForMiss } from './gate';
import { Keep } from './keep';
import type { Link } from './link';
import { getPerson, onPerson } from './person';
import { type Refusal, type SaveFacts, type SaveState, saveState, wouldLose } from './saveState';
import { BODY_FIELD, TITLE_FIELD } from './schema';
import { noteUnsent } from './unsent';

/** How long the connection waits for this browser's copy, so that offline edits travel with the handshake. */
const COPY_WAIT_MS = 600;
/** How long a page with a local copy waits for the server before it is shown from that copy. */
const SERVER_WAIT_MS = 1_000;
/** An edit not answered for this long makes us ask whether the line is alive. */
const ANSWER_WAIT_MS = 5_000;
const REJOIN_FIRST_MS = 1_000;
const REJOIN_MAX_MS = 30_000;

const SYNC_STATUS = 8;

/** What the page shows of its session. A new object only when something in it changed. */
export interface SessionView {
  save: SaveState;
  /** Content may be shown: the server has sent it, or there is a copy here and no server. */
  ready: boolean;
  /** Something in the document that this client would destroy by editing: never mount an editor then. */
  miss: Miss | null;
  readOnly: boolean;
  /** Edits that are stored nowhere yet; leaving would lose them. */
  atRisk: boolean;
}

/** The provider tells of every frame; an acknowledgement that says "not applied" is the one it keeps to itself. */
export function isRefusedEdit(frame: unknown): boolean {
  if (!(frame instanceof ArrayBuffer)) return false;
  try {
    const decoder = createDecoder(new Uint8Array(frame));
    readVarString(decoder);
    return readVarUint(decoder) === SYNC_STATUS && readVarInt(decoder) === 0;
  } catch {
    return false;
  }
}

/** One document, its connection, its copy in this browser, and what is known about its edits. Knows no React. */
export class Session {
  readonly doc = new Y.Doc();
  readonly awareness = new Awareness(this.doc);
  readonly provider: HocuspocusProvider;

  private readonly keep: Keep;
  private readonly listeners = new Set<() => void>();
  private readonly missListeners = new Set<() => void>();
  private readonly undo: (() => void)[] = [];
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();

  private edits = 0;
  private settled = false;
  private wasConnected = false;
  private refusal: Refusal | null = null;
  private ready = false;
  private miss: Miss | null = null;
  private rejoinAfter = REJOIN_FIRST_MS;
  private answerTimer: ReturnType<typeof setTimeout> | undefined;
  private view: SessionView;
  private destroyed = false;

  constructor(
    readonly name: string,
    private readonly link: Link,
    private readonly fresh: boolean,
    private readonly made: Promise<boolean> = Promise.resolve(true),
  ) {
    this.undo.push(watchForMiss(this.doc, (miss) => this.onMiss(miss)));
    this.doc.on('update', this.onUpdate);
    this.awareness.setLocalState({ user: getPerson() });
    this.undo.push(onPerson(() => this.awareness.setLocalStateField('user', getPerson())));
    this.keep = new Keep(name, this.doc, () => this.changed());
    this.provider = new HocuspocusProvider({
      name,
      document: this.doc,
      awareness: this.awareness,
      websocketProvider: link.socket,
      token: '',
    });
    this.listen();
    this.view = this.compute();
    this.undo.push(link.subscribe(() => this.onLink()));
    void this.start();
  }

  private listen(): void {
    const { provider } = this;
    provider.on('open', () => {
      this.settled = false;
      this.changed();
    });
    provider.on('authenticated', ({ scope }: { scope: string }) => {
      this.wasConnected = true;
      if (scope === 'readonly') this.refusal = 'readOnly';
      else if (this.refusal !== 'rejected') this.refusal = null;
      this.changed();
    });
    provider.on('authenticationFailed', () => {
      this.refusal = 'denied';
      this.changed();
    });
    provider.on('synced', () => this.becomeReady());
    provider.on('unsyncedChanges', ({ number }: { number: number }) => this.onUnsynced(number));
    provider.on('message', ({ event }: { event: MessageEvent }) => {
      if (!isRefusedEdit(event.data)) return;
      this.refusal = this.refusal === 'readOnly' ? 'readOnly' : 'rejected';
      this.changed();
    });
    provider.on('close', () => {
      this.settled = false;
      if (this.link.connected) this.rejoin();
      this.changed();
    });
  }

  private async start(): Promise<void> {
    // Nobody else can have written in it, so there is nothing to wait for.
    if (this.fresh) this.becomeReady();
    const copy = this.keep.loaded.then(() => {
      // A copy that was read late and held nothing new brings no further acknowledgement.
      if (this.settled && this.provider.unsyncedChanges === 0) this.onUnsynced(0);
      this.changed();
    });
    await Promise.race([copy, this.wait(COPY_WAIT_MS)]);
    if (this.destroyed) return;
    if (!(await this.made)) return this.refuse();
    if (this.destroyed) return;
    this.provider.attach();
    await copy;
    if (!this.link.away) await Promise.race([this.linkIsAway(), this.wait(SERVER_WAIT_MS)]);
    if (this.destroyed || this.ready || this.connected) return;
    this.showCopy();
  }

  /** The server would not make this page: what is written here stays here. */
  private refuse(): void {
    this.refusal = 'rejected';
    this.changed();
  }

  private linkIsAway(): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.link.subscribe(() => {
        if (!this.link.away) return;
        stop();
        resolve();
      });
      this.undo.push(stop);
    });
  }

  /** Shows what this browser holds. Without a copy there is nothing to show, unless the page was just made here. */
  private showCopy(): void {
    const held = this.doc.getXmlFragment(BODY_FIELD).length + this.doc.getXmlFragment(TITLE_FIELD).length > 0;
    if (held || this.fresh) this.becomeReady();
  }

  private wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        resolve();
      }, milliseconds);
      this.timers.add(timer);
    });
  }

  private get connected(): boolean {
    return this.link.connected && this.provider.isAuthenticated;
  }

  private onLink(): void {
    if (!this.link.connected) this.settled = false;
    if (this.link.away && !this.ready) void this.keep.loaded.then(() => !this.ready && this.showCopy());
    this.changed();
  }

  /** The server ended this document on a socket that lives on; joins again, ever more patiently. */
  private rejoin(): void {
    void this.wait(this.rejoinAfter).then(() => {
      if (this.destroyed || !this.link.connected || this.provider.isAuthenticated) return;
      this.provider.detach();
      this.provider.attach();
    });
    this.rejoinAfter = Math.min(this.rejoinAfter * 2, REJOIN_MAX_MS);
  }

  private readonly onUpdate = (
    _update: Uint8Array,
    _origin: unknown,
    _doc: Y.Doc,
    tr: Y.Transaction,
  ): void => {
    if (!tr.local || tr.origin === this) return;
    this.edits += 1;
    this.keep.note(this.edits);
    noteUnsent(this.name, true);
    claimSchema(this.doc, this);
    this.expectAnswer();
    this.changed();
  };

  /**
   * The provider counts one for the handshake and one for every update it sent; each acknowledgement takes one off.
   * Before the handshake is acknowledged the number says nothing about edits made offline: the handshake carries them
   * all, as one.
   */
  private onUnsynced(unsynced: number): void {
    const open = this.provider.isAuthenticated;
    if (unsynced === 0 && open && this.refusal !== 'readOnly') {
      this.settled = true;
      this.rejoinAfter = REJOIN_FIRST_MS;
      if (this.refusal === 'rejected') this.refusal = null;
    }
    if (this.settled && unsynced < this.edits) {
      this.edits = unsynced;
      if (unsynced > 0) this.keep.note(unsynced);
    }
    if (this.settled && unsynced === 0) {
      this.keep.settle();
      void this.keep.loaded.then(() => {
        if (this.settled && this.totalEdits === 0) noteUnsent(this.name, false);
      });
    }
    this.changed();
  }

  private expectAnswer(): void {
    if (this.answerTimer !== undefined) return;
    this.answerTimer = setTimeout(() => {
      this.answerTimer = undefined;
      if (this.edits === 0 || this.destroyed) return;
      this.link.probe();
      this.expectAnswer();
    }, ANSWER_WAIT_MS);
  }

  private becomeReady(): void {
    if (!this.ready) {
      this.ready = true;
      this.miss ??= findMiss(this.doc);
    }
    this.changed();
  }

  private onMiss(miss: Miss): void {
    if (this.miss !== null) return;
    this.miss = miss;
    for (const listener of [...this.missListeners]) listener();
    // Observers of the document are still to run; what is drawn may wait until they have.
    queueMicrotask(() => this.changed());
  }

  /** Called synchronously, before any observer sees the unknown content: the place to destroy editors. */
  onUnknownContent(listener: () => void): () => void {
    this.missListeners.add(listener);
    return () => this.missListeners.delete(listener);
  }

  private get totalEdits(): number {
    return this.edits + this.keep.earlier;
  }

  private facts(): SaveFacts {
    return {
      connected: this.connected,
      wasConnected: this.wasConnected,
      away: this.link.away,
      settled: this.settled,
      edits: this.totalEdits,
      kept: this.keep.available && this.keep.kept,
      refusal: this.refusal,
    };
  }

  private compute(): SessionView {
    const facts = this.facts();
    return {
      save: saveState(facts),
      ready: this.ready,
      miss: this.miss,
      readOnly: facts.refusal === 'readOnly' || facts.refusal === 'denied',
      atRisk: wouldLose(facts),
    };
  }

  private changed(): void {
    if (this.destroyed) return;
    const next = this.compute();
    if (JSON.stringify(next) === JSON.stringify(this.view)) return;
    this.view = next;
    for (const listener of [...this.listeners]) listener();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly getView = (): SessionView => this.view;

  /** Edits of this browser that the server has not acknowledged. */
  get unsent(): number {
    return this.totalEdits;
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    for (const timer of this.timers) clearTimeout(timer);
    clearTimeout(this.answerTimer);
    for (const undo of this.undo) undo();
    this.listeners.clear();
    this.missListeners.clear();
    this.doc.off('update', this.onUpdate);
    this.provider.destroy();
    this.keep.close();
    this.doc.destroy();
  }
}
