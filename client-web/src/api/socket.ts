const FIRST_WAIT_MS = 500;
const WAIT_MAX_MS = 15_000;

function addressOf(path: string): string {
  const { protocol, host } = window.location;
  return `${protocol === 'https:' ? 'wss:' : 'ws:'}//${host}${path}`;
}

/**
 * Listens to JSON text frames, and connects again for as long as somebody wants them, ever more patiently. `onDown`
 * hears each time the line is lost. Returns what ends it.
 */
export function listen(
  path: string,
  onFrame: (frame: unknown) => void,
  onDown: () => void = () => undefined,
): () => void {
  let socket: WebSocket | null = null;
  let wait = FIRST_WAIT_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;

  const open = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const opened = new WebSocket(addressOf(path));
    socket = opened;
    opened.onmessage = ({ data }) => {
      if (ended || typeof data !== 'string') return;
      wait = FIRST_WAIT_MS;
      let frame: unknown;
      try {
        frame = JSON.parse(data);
      } catch {
        return;
      }
      onFrame(frame);
    };
    opened.onclose = () => {
      if (ended || socket !== opened) return;
      onDown();
      // A whole team comes back after a restart: spread out.
      timer = setTimeout(open, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, WAIT_MAX_MS);
    };
  };

  /** The system found a network: the next attempt need not wait its turn. */
  const onOnline = (): void => {
    if (timer !== undefined) open();
  };

  open();
  window.addEventListener('online', onOnline);
  return () => {
    ended = true;
    clearTimeout(timer);
    window.removeEventListener('online', onOnline);
    socket?.close();
  };
}
