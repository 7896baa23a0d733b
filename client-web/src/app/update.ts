/**
 * The worker that keeps the client in this browser (`worker/worker.ts`), seen from a tab. A newer one waits until somebody
 * says so: a tab that changes under one's hands loses what can be undone, and where the caret was.
 */
const WORKER = '/sw.js';
const LOOK_EVERY_MS = 60 * 60 * 1_000;
/** Coming back to a tab, and to the network, need not each be a question to the server. */
const LOOK_AGAIN_AFTER_MS = 10 * 1_000;
/** A worker that does not take over by then never will; the page is loaded anew all the same. */
const TAKE_OVER_MS = 3_000;
/** Edits are stored within this, or the browser asks before it leaves. */
const SAFE_WAIT_MS = 5_000;

type Listener = () => void;
const listeners = new Set<Listener>();
let isWaiting = false;
let registration: ServiceWorkerRegistration | null = null;
let lookedAt = 0;
let isAsked = false;

function tell(): void {
  if (isWaiting) return;
  isWaiting = true;
  for (const listener of [...listeners]) listener();
}

/** Whether there is a newer client than the one that runs. */
export const isUpdateWaiting = (): boolean => isWaiting;

export function onUpdate(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Asks the server for a newer client, unless that was asked just now. */
export function lookForUpdate(): void {
  const now = Date.now();
  if (registration === null || now - lookedAt < LOOK_AGAIN_AFTER_MS) return;
  lookedAt = now;
  // It fails where there is no network, which is nothing to tell anybody.
  registration.update().catch(() => undefined);
}

function watch(found: ServiceWorkerRegistration): void {
  // With none before it a worker is of the version that is on the screen.
  const look = (): void => {
    if (found.waiting !== null && found.active !== null) tell();
  };
  found.addEventListener('updatefound', () => {
    found.installing?.addEventListener('statechange', look);
  });
  look();
}

export function startWorker(): void {
  // In development files change all the time, and in tests there is none.
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  const workers = navigator.serviceWorker;
  let wasServed = workers.controller !== null;
  workers.addEventListener('controllerchange', () => {
    if (isAsked) window.location.reload();
    // Another tab has said yes. This one goes on, and says that it is behind.
    else if (wasServed) tell();
    wasServed = true;
  });
  lookedAt = Date.now();
  workers.register(WORKER, { updateViaCache: 'none' }).then(
    (found) => {
      registration = found;
      watch(found);
    },
    // Blocked, or no secure origin: the client works without it, with the server.
    () => undefined,
  );
  setInterval(lookForUpdate, LOOK_EVERY_MS);
  window.addEventListener('online', lookForUpdate);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') lookForUpdate();
  });
}

const after = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

/** Lets the newer client take over and loads the page anew, once every edit is stored somewhere. */
export async function takeUpdate(): Promise<void> {
  const { registry } = await import('../sync/registry');
  await Promise.race([registry.whenSafe(), after(SAFE_WAIT_MS)]);
  isAsked = true;
  const newer = registration?.waiting ?? null;
  if (newer !== null) {
    newer.postMessage('take-over');
    await after(TAKE_OVER_MS);
  }
  window.location.reload();
}
