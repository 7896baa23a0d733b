/**
 * Pages made in this tab a moment ago: nobody else can have written in them, so they may be shown without having heard
 * from the server. Apart from the registry, so that making a page does not wait for all of it to be loaded.
 */
const fresh = new Set<string>();
const making = new Map<string, Promise<boolean>>();

/** `made` tells whether the server took the page; nobody is let into its document before that. */
export function markFresh(name: string, made: Promise<boolean>): void {
  fresh.add(name);
  making.set(name, made);
}

/** The same of a page that was begun on an earlier visit: what was written in it then is still to be read. */
export function markBegun(name: string, made: Promise<boolean>): void {
  making.set(name, made);
}

export function isFresh(name: string): boolean {
  return fresh.has(name);
}

/** Resolves once the document may be joined; false when the server refused to make its page. */
export function isMade(name: string): Promise<boolean> {
  return making.get(name) ?? Promise.resolve(true);
}
