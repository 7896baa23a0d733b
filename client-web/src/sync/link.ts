import { HocuspocusProviderWebsocket, WebSocketStatus } from '@hocuspocus/provider';
import { SCHEMA_VERSION } from './schema';

/** A drop shorter than this is called reconnecting; after it, offline. */
export const AWAY_AFTER_MS = 2_500;
/** After a hint that the line may be dead, how long any message may take to prove the contrary. */
export const PROBE_ANSWER_MS = 2_000;

/** Where the server listens, seen from a page at `location`. Carries our schema number, so that it can refuse us. */
export function socketUrl(location: { protocol: string; host: string }, share: string | null = null): string {
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  const by = share === null ? '' : `&share=${encodeURIComponent(share)}`;
  return `${scheme}//${location.host}/ws?schema=${SCHEMA_VERSION}${by}`;
}

/** The one socket that carries every open document. */
export class Link {
  readonly socket: HocuspocusProviderWebsocket;
  connected = false;
  away = false;

  private readonly listeners = new Set<() => void>();
  private awayTimer: ReturnType<typeof setTimeout> | undefined;
  private probeTimer: ReturnType<typeof setTimeout> | undefined;
  private heardAt = 0;

  constructor(
    socket: HocuspocusProviderWebsocket,
    private readonly awayAfter: number = AWAY_AFTER_MS,
  ) {
    this.socket = socket;
    socket.on('status', ({ status }: { status: WebSocketStatus }) => {
      this.setConnected(status === WebSocketStatus.Connected);
    });
    socket.on('close', () => this.setConnected(false));
    socket.on('message', () => {
      this.heardAt = Date.now();
    });
    if (typeof window !== 'undefined') {
      window.addEventListener('online', this.onOnline);
      window.addEventListener('offline', this.onOffline);
    }
    this.startAwayTimer();
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private emit(): void {
    for (const listener of this.listeners) listener();
  }

  private setConnected(connected: boolean): void {
    if (connected === this.connected) return;
    this.connected = connected;
    if (connected) {
      clearTimeout(this.awayTimer);
      this.awayTimer = undefined;
      this.away = false;
    } else if (typeof navigator !== 'undefined' && navigator.onLine === false) {
      this.away = true;
    } else {
      this.startAwayTimer();
    }
    this.emit();
  }

  private startAwayTimer(): void {
    this.awayTimer ??= setTimeout(() => {
      this.awayTimer = undefined;
      this.away = !this.connected;
      this.emit();
    }, this.awayAfter);
  }

  /** The system found a network: the next attempt need not wait its turn. */
  private readonly onOnline = (): void => {
    if (!this.connected) void this.socket.connect();
  };

  /**
   * The system lost its network. A server on this very machine stays reachable then, so the socket is asked rather
   * than believed dead.
   */
  private readonly onOffline = (): void => {
    if (this.connected) this.probe();
    else {
      this.away = true;
      this.emit();
    }
  };

  /** Expects to hear anything at all soon (presence is echoed to its sender), else starts a new connection. */
  probe(): void {
    if (this.probeTimer !== undefined || !this.connected) return;
    const askedAt = Date.now();
    for (const provider of this.socket.configuration.providerMap.values()) {
      const awareness = provider.awareness;
      if (awareness) awareness.setLocalState(awareness.getLocalState());
    }
    this.probeTimer = setTimeout(() => {
      this.probeTimer = undefined;
      if (this.connected && this.heardAt < askedAt) this.restart();
    }, PROBE_ANSWER_MS);
  }

  /** Gives up on a socket that no longer answers. Closing one politely would wait for an answer too. */
  private restart(): void {
    const event = { code: 4408, reason: 'no answer' } as CloseEvent;
    this.socket.onClose({ event });
  }

  destroy(): void {
    clearTimeout(this.awayTimer);
    clearTimeout(this.probeTimer);
    if (typeof window !== 'undefined') {
      window.removeEventListener('online', this.onOnline);
      window.removeEventListener('offline', this.onOffline);
    }
    this.socket.destroy();
  }
}

export function openLink(url: string): Link {
  const socket = new HocuspocusProviderWebsocket({
    url,
    // A whole team reconnects after a restart: a short, spread-out wait, and never a long one.
    delay: 400,
    minDelay: 200,
    maxDelay: 2_000,
    factor: 1.6,
    jitter: true,
  });
  return new Link(socket);
}
