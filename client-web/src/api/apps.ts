import { count, each, fields, get, list, oneOf, part, send, sure, text, texts } from './read';

/** What an app's tokens are checked with. */
export interface AppKey {
  id: string;
  /** `secret`: shared with its backend. `public`: the app alone signs. */
  kind: 'secret' | 'public';
  publicKey: string | null;
  created: number;
}

/** A namespace of rooms for somebody else's app. */
export interface App {
  /** The first part of its rooms' names. */
  app: string;
  name: string;
  keys: AppKey[];
  /** The web pages from which its rooms may be opened. */
  origins: string[];
  created: number;
  /** How many of its rooms were ever written. */
  documents: number;
  /** How many are open, with how many sessions, in how much memory. */
  rooms: number;
  sessions: number;
  memoryBytes: number;
}

/** An app, and the secret that was made for it, if one was: it is told once. */
export interface Made {
  app: App;
  secret: string | null;
}

function readKey(value: unknown): AppKey | null {
  const { id, kind, publicKey, created } = fields(value);
  const known = text(id);
  if (known === null) return null;
  return {
    id: known,
    kind: oneOf(kind, ['secret', 'public'], 'secret'),
    publicKey: text(publicKey),
    created: count(created),
  };
}

function readApp(value: unknown): App | null {
  const { app, name, keys, origins, created, documents, rooms, sessions, memoryBytes } = fields(value);
  const known = text(app);
  if (known === null) return null;
  return {
    app: known,
    name: text(name) ?? known,
    keys: each(list(keys), readKey),
    origins: texts(origins),
    created: count(created),
    documents: count(documents),
    rooms: count(rooms),
    sessions: count(sessions),
    memoryBytes: count(memoryBytes),
  };
}

function readMade(value: Record<string, unknown>): Made {
  return { app: sure(readApp(value)), secret: text(value.secret) };
}

export async function listApps(signal?: AbortSignal): Promise<App[]> {
  return each((await get('/api/apps', signal)).apps, readApp);
}

export async function makeApp(wish: { app: string; name: string }): Promise<Made> {
  return readMade(await send('POST', '/api/apps', wish));
}

export async function changeApp(app: string, change: { name?: string; origins?: string[] }): Promise<void> {
  await send('PATCH', `/api/apps/${part(app)}`, change);
}

export async function removeApp(app: string): Promise<void> {
  await send('DELETE', `/api/apps/${part(app)}`);
}

/** One more key: a public one of the app's own, or a new secret. */
export async function addAppKey(app: string, wish: { publicKey?: string }): Promise<Made> {
  return readMade(await send('POST', `/api/apps/${part(app)}/keys`, wish));
}

export async function removeAppKey(app: string, key: string): Promise<void> {
  await send('DELETE', `/api/apps/${part(app)}/keys/${part(key)}`);
}
