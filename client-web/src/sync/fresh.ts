/**
 * Pages made in this tab a moment ago: nobody else can have written in them, so they may be shown without having heard
 * from the server. Apart from the registry, so that making a page does not wait for all of it to be loaded.
 */
const fresh = new Map<string, Promise<boolean>>();

/** `made` tells whether the server took the page; nobody is let into its document before that. */
export function markFresh(name: string, made: Promise<boolean>): void {
  fresh.set(name, made);
}

export function isFresh(name: string): boolean {
  return fresh.has(name);
}

/** Resolves once the document may be joined; false when the server refused to make its page. */
export function isMade(name: string): Promise<boolean> {
  return fresh.get(name) ?? Promise.resolve(true);
}
