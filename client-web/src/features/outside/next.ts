/** Where to go once signed in: only ever a place of this very site. */
export function safeNext(next: unknown): string {
  if (typeof next !== 'string' || !next.startsWith('/') || /^\/[/\\]/.test(next)) return '/';
  return /^\/(sign-in|setup|reset|invite)(\/|\?|$)/.test(next) ? '/' : next;
}

export function readNext(search: Record<string, unknown>): { next?: string } {
  const next = safeNext(search.next);
  return next === '/' ? {} : { next };
}

export function readToken(search: Record<string, unknown>): { token?: string } {
  // An address may hold a token that reads as a number.
  const { token } = search;
  return typeof token === 'string' || typeof token === 'number' ? { token: String(token) } : {};
}
