/**
 * Pages made in this tab a moment ago: nobody else can have written in them, so they may be shown without having heard
 * from the server. Apart from the registry, so that making a page does not wait for all of it to be loaded.
 */
const fresh = new Set<string>();

export function markFresh(name: string): void {
  fresh.add(name);
}

export function isFresh(name: string): boolean {
  return fresh.has(name);
}
