/**
 * Asks for one thing at a time, and of everything wished for meanwhile only for the last: however fast a handle is
 * dragged, the server sees one request after the other and the newest wish is never more than one answer away.
 */
export class Newest<Wish, Answer> {
  private running: { wish: Wish; abort: AbortController } | null = null;
  private next: Wish | null = null;
  private closed = false;

  constructor(
    private readonly ask: (wish: Wish, signal: AbortSignal) => Promise<Answer>,
    private readonly on: {
      answer: (wish: Wish, answer: Answer) => void;
      error: (wish: Wish, error: unknown) => void;
    },
  ) {}

  /** `urgent` gives up on what is on its way, for a wish that will not change again soon. */
  want(wish: Wish, urgent = false): void {
    if (this.closed) return;
    if (this.running?.wish === wish && !this.running.abort.signal.aborted) {
      this.next = null;
      return;
    }
    if (this.running === null) {
      void this.run(wish);
      return;
    }
    this.next = wish;
    if (urgent) this.running.abort.abort();
  }

  private async run(wish: Wish): Promise<void> {
    const abort = new AbortController();
    this.running = { wish, abort };
    try {
      const answer = await this.ask(wish, abort.signal);
      if (!abort.signal.aborted) this.on.answer(wish, answer);
    } catch (error) {
      if (!abort.signal.aborted) this.on.error(wish, error);
    }
    this.running = null;
    const { next } = this;
    this.next = null;
    if (next !== null && !this.closed) void this.run(next);
  }

  /** Wants nothing any more, not even what is on its way. */
  drop(): void {
    this.next = null;
    this.running?.abort.abort();
  }

  close(): void {
    this.closed = true;
    this.drop();
  }
}
