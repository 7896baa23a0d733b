/** What the server said about a refusal, as far as it said anything. */
export interface Refused {
  code?: string | null;
  /** Which part of the form it is about. */
  field?: string | null;
  /** In English, for logs and for codes that this client has no words for. */
  words?: string | null;
  /** In seconds. */
  retryAfter?: number | null;
}

/** `status` is null when the server could not be reached at all. `code` is the server's own word, where it gave one. */
export class ApiError extends Error {
  readonly code: string | null;
  readonly field: string | null;
  readonly words: string | null;
  readonly retryAfter: number | null;

  constructor(
    message: string,
    readonly status: number | null,
    refused: Refused = {},
  ) {
    super(message);
    this.name = 'ApiError';
    this.code = refused.code ?? null;
    this.field = refused.field ?? null;
    this.words = refused.words ?? null;
    this.retryAfter = refused.retryAfter ?? null;
  }
}

/** A server that stops or has too much to do, or a proxy before one that is gone. */
const LATER: ReadonlySet<number | null> = new Set([null, 429, 502, 503, 504]);

/** Whether the same question may be answered in a while: nobody has refused anything. */
export const mayPass = (error: unknown): boolean => error instanceof ApiError && LATER.has(error.status);

const word = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

async function refusal(response: Response): Promise<Refused> {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  const retryAfter = Number.isFinite(seconds) ? seconds : null;
  try {
    const { error } = (await response.json()) as { error?: Record<string, unknown> };
    return { code: word(error?.code), field: word(error?.field), words: word(error?.message), retryAfter };
  } catch {
    return { retryAfter };
  }
}

let share: string | null = null;

/** While a shared page is looked at, every request says by which link it was reached. */
export function nameShare(secret: string | null): void {
  share = secret;
}

export const sharedBy = (): string | null => share;

type Listener = (error: ApiError) => void;
const listeners = new Set<Listener>();

/** Hears of every refusal. The app asks for a sign-in when one says that it is due. */
export function onRefusal(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Sends a request and lets only a good answer through; everything else is an `ApiError`, but for an abort. */
export async function request(path: string, options: RequestInit = {}): Promise<Response> {
  const headers = new Headers(options.headers);
  if (share !== null) headers.set('weft-share', share);
  let response: Response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError('The server cannot be reached.', null);
  }
  if (response.ok) return response;
  const error = new ApiError(
    `The server answered ${response.status}.`,
    response.status,
    await refusal(response.clone()),
  );
  for (const listener of [...listeners]) listener(error);
  throw error;
}
