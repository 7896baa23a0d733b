import { count, each, fields, get, part, send, sure, text } from './read';

/** A namespace of rooms for somebody else's app. */
export interface App {
  /** The first part of its rooms' names. */
  app: string;
  name: string;
  created: number;
}

function readApp(value: unknown): App | null {
  const { app, id, name, created } = fields(value);
  const key = text(app) ?? text(id) ?? text(name);
  return key === null ? null : { app: key, name: text(name) ?? key, created: count(created) };
}

export async function listApps(signal?: AbortSignal): Promise<App[]> {
  return each((await get('/api/apps', signal)).apps, readApp);
}

export async function makeApp(wish: { app: string; name: string }): Promise<App> {
  return sure(readApp(await send('POST', '/api/apps', wish)));
}

export async function renameApp(app: string, name: string): Promise<void> {
  await send('PATCH', `/api/apps/${part(app)}`, { name });
}

export async function removeApp(app: string): Promise<void> {
  await send('DELETE', `/api/apps/${part(app)}`);
}

/** What opens some of the app's rooms, until it expires. */
export async function makeAppToken(
  app: string,
  wish: { room?: string; prefix?: string; write: boolean; seconds?: number },
): Promise<{ token: string; expires: number }> {
  const { token, expires } = await send('POST', `/api/apps/${part(app)}/tokens`, wish);
  return { token: sure(text(token)), expires: count(expires) };
}
