import type { QueryClient } from '@tanstack/react-query';
import {
  type Author,
  type Difference,
  type EditSession,
  type Moment,
  type Roots,
  readDifference,
  readMoment,
  readTimeline,
  type Summary,
} from '../../api/history';
import { Newest } from './newest';
import { sessionAt } from './track';

/** Compared with where the session of that moment began, or with a moment of one's own choice. */
export type Against = 'session' | number | null;

export interface Place {
  at: number;
  against: Against;
}

/** How the place is being changed: by a handle that moves, by playing, or for good. */
export type Motion = 'drag' | 'play' | 'still';

/** What is drawn. `summary` and `from` are there when two moments are compared. */
export interface Shown {
  wish: string;
  at: number;
  time: number;
  by: string | null;
  from: number | null;
  summary: Summary | null;
  roots: Roots;
}

export interface ModelView {
  place: Place | null;
  motion: Motion;
  shown: Shown | null;
  error: unknown;
  pending: boolean;
}

/** A dragged handle that rests this long wants to see the page. */
export const PAUSE_MS = 80;
/** So many moments are kept: stepping to and fro asks for nothing twice, a long drag does not fill the memory. */
export const MOMENTS_MAX = 24;
const MOMENT_KEPT_MS = 120_000;

const wishOf = ({ at, against }: Place): string => (against === null ? `at:${at}` : `diff:${against}:${at}`);

const ofMoment = (wish: string, { seq, time, author, roots }: Moment): Shown => ({
  wish,
  at: seq,
  time,
  by: author?.key ?? null,
  from: null,
  summary: null,
  roots,
});

const ofDifference = (wish: string, { from, to, summary, roots }: Difference): Shown => ({
  wish,
  at: to.seq,
  time: to.time,
  by: null,
  from: from.seq,
  summary,
  roots,
});

/**
 * Where in the past we are and what is shown of it. The place follows every motion at once; the page is asked for one
 * answer at a time and drawn when it does not cost the motion a frame. Knows no React.
 */
export class HistoryModel {
  private readonly listeners = new Set<() => void>();
  private readonly newest: Newest<string, Shown>;
  private view: ModelView = { place: null, motion: 'still', shown: null, error: null, pending: false };
  private sessions: readonly EditSession[] = [];
  private waiting: Shown | null = null;
  private pause: ReturnType<typeof setTimeout> | undefined;
  private idle: number | undefined;
  /** The handle is held but has not moved for a while: an answer that comes now is drawn at once. */
  private resting = false;
  /** What the last drawing took; the first one of a long page is the dearest, so it is not tried in a gap. */
  private drawingMs = 40;
  private momentKeys: string[] = [];

  constructor(
    private readonly name: string,
    private readonly queries: QueryClient,
    private readonly learn: (authors: Author[]) => void,
  ) {
    this.newest = new Newest((wish, signal) => this.ask(wish, signal), {
      answer: (_wish, shown) => this.arrived(shown),
      error: (_wish, error) => this.set({ error, pending: false }),
    });
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  readonly getView = (): ModelView => this.view;

  private set(change: Partial<ModelView>): void {
    this.view = { ...this.view, ...change };
    for (const listener of [...this.listeners]) listener();
  }

  /** The sessions known so far, to find where the one of a moment began. */
  know(sessions: readonly EditSession[]): void {
    this.sessions = sessions;
  }

  go(place: Place, motion: Motion): void {
    const wish = wishOf(place);
    const isThere = this.view.shown?.wish === wish;
    this.set({ place, motion, error: null, pending: !isThere });
    clearTimeout(this.pause);
    this.resting = false;
    if (isThere) {
      this.waiting = null;
      if (motion === 'still') this.newest.drop();
      if (motion !== 'drag') return;
    }
    if (motion === 'drag') {
      this.pause = setTimeout(() => {
        this.resting = true;
        this.draw();
      }, PAUSE_MS);
    } else if (this.waiting?.wish === wish) {
      this.draw();
      return;
    }
    if (!isThere) this.newest.want(wish, motion === 'still');
  }

  /** Asks again for what could not be had. */
  retry(): void {
    const { place, motion } = this.view;
    if (place !== null) this.go(place, motion);
  }

  /** Tells how long drawing took, all told. A dear one is remembered for a while: near moments cost little, far ones more. */
  drew(milliseconds: number): void {
    this.drawingMs = Math.max(milliseconds, this.drawingMs * 0.9);
  }

  private arrived(shown: Shown): void {
    this.waiting = shown;
    if (this.view.motion !== 'drag' || this.resting) {
      this.draw();
      return;
    }
    if (this.idle !== undefined || typeof requestIdleCallback !== 'function') return;
    this.idle = requestIdleCallback((deadline) => {
      this.idle = undefined;
      if (deadline.timeRemaining() > this.drawingMs * 1.5) this.draw();
    });
  }

  private draw(): void {
    const { waiting, view } = this;
    if (waiting === null) return;
    this.waiting = null;
    const isWanted = view.place !== null && wishOf(view.place) === waiting.wish;
    this.set({ shown: waiting, pending: !isWanted, error: null });
  }

  private async ask(wish: string, signal: AbortSignal): Promise<Shown> {
    const [kind, first, second] = wish.split(':');
    if (kind === 'at') {
      const seq = Number(first);
      const moment = await this.cached(`at ${seq}`, () => readMoment(this.name, seq, signal));
      if (moment.author !== null) this.learn([moment.author]);
      return ofMoment(wish, moment);
    }
    const at = Number(second);
    const from = first === 'session' ? await this.startOf(at, signal) : Number(first);
    const difference = await this.cached(`diff ${from} ${at}`, () =>
      readDifference(this.name, from, at, signal),
    );
    this.learn(difference.authors);
    return ofDifference(wish, difference);
  }

  /** The last moment before the session in which `at` was written; `at` itself where nothing before it is kept. */
  private async startOf(at: number, signal: AbortSignal): Promise<number> {
    let session = sessionAt(this.sessions, at);
    if (session === undefined) {
      const page = await this.cached(`session ${at}`, () =>
        readTimeline(this.name, { before: at + 1, limit: 1 }, signal),
      );
      session = page.sessions[0];
    }
    if (session === undefined || session.kind === 'earlier') return at;
    return Math.max(0, session.from.seq - 1);
  }

  private async cached<T>(what: string, ask: () => Promise<T>): Promise<T> {
    const queryKey = ['moment', this.name, what];
    const answer = await this.queries.fetchQuery({
      queryKey,
      queryFn: ask,
      // What was does not change.
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: MOMENT_KEPT_MS,
      retry: false,
    });
    this.momentKeys = [...this.momentKeys.filter((key) => key !== what), what];
    for (const old of this.momentKeys.splice(0, Math.max(0, this.momentKeys.length - MOMENTS_MAX))) {
      this.queries.removeQueries({ queryKey: ['moment', this.name, old], exact: true });
    }
    return answer;
  }

  close(): void {
    this.newest.close();
    clearTimeout(this.pause);
    if (this.idle !== undefined) cancelIdleCallback(this.idle);
    this.listeners.clear();
  }
}
