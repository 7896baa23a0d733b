/** Whose the documents, answers and pictures in this browser are: the id of whoever was signed in last. */
const WHOSE = 'weft.whose';
const OURS = 'weft';
/** The worker's, see `worker/worker.ts`. */
const PICTURES = 'weft-pictures';
/** What belongs to the machine and says nothing of the wiki. */
const STAYS = new Set(['weft.color-scheme', 'weft.language', 'weft.sidebar', 'weft.sidebar-width']);

function remembered(): string | null {
  try {
    return localStorage.getItem(WHOSE);
  } catch {
    return null;
  }
}

function remember(person: string): void {
  try {
    localStorage.setItem(WHOSE, person);
  } catch {
    // Blocked storage: then nothing else is kept in it either.
  }
}

function forgetNotes(): void {
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(`${OURS}.`) && !STAYS.has(key)) localStorage.removeItem(key);
    }
  } catch {
    // Blocked storage holds nothing.
  }
}

function remove(name: string): Promise<void> {
  return new Promise((resolve) => {
    const request = indexedDB.deleteDatabase(name);
    // Whoever holds it open closes it when asked, in other tabs too, and it is deleted then.
    request.onsuccess = () => resolve();
    request.onerror = () => resolve();
    request.onblocked = () => resolve();
  });
}

async function removeDatabases(): Promise<void> {
  try {
    const names = (await indexedDB.databases()).flatMap(({ name }) => (name?.startsWith(OURS) ? [name] : []));
    await Promise.all(names.map(remove));
  } catch {
    // Blocked storage holds nothing.
  }
}

/** Nothing of what somebody read or wrote stays in this browser, not even edits that no server has. */
export async function leaveNothing(): Promise<void> {
  const { registry } = await import('./registry');
  registry.endAll();
  forgetNotes();
  await Promise.all([
    removeDatabases(),
    globalThis.caches?.delete(PICTURES).catch(() => false) ?? Promise.resolve(false),
  ]);
}

/** Whoever signs in finds nothing of whoever was here before. Call it before anything is asked for them. */
export async function claimBrowser(person: string): Promise<void> {
  const before = remembered();
  if (before === person) return;
  // Who held a public link, or wrote before there were people, was nobody: what they wrote stays theirs to send.
  if (before !== null) await leaveNothing();
  remember(person);
}
