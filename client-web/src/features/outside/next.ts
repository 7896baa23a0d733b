/** Where to go once signed in: only ever a place of this very site. */
export function safeNext(next: unknown): string {
  if (typeof next !== 'string' || !next.startsWith('/') || /^\/[/\\]/.test(next)) return '/';
  return /^\/(sign-in|setup|reset|invite)(\/|\?|$)/.test(next) ? '/' : next;
}

export function readNext(search: Record<string, unknown>): { next?: string } {
  const next = safeNext(search.next);
  return next === '/' ? {} : { next };
}

/** Why nobody was signed in, as the server says it when it sends somebody back from a provider. */
export const FAILURES = ['provider', 'refused', 'stray', 'no_account', 'suspended', 'busy'] as const;
export type Failure = (typeof FAILURES)[number];

export function readSignIn(search: Record<string, unknown>): { next?: string; failed?: Failure } {
  const failed = FAILURES.find((known) => known === search.failed);
  return failed === undefined ? readNext(search) : { ...readNext(search), failed };
}

export function readToken(search: Record<string, unknown>): { token?: string } {
  // An address may hold a token that reads as a number.
  const { token } = search;
  return typeof token === 'string' || typeof token === 'number' ? { token: String(token) } : {};
}
