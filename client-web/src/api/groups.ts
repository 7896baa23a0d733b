import { each, fields, get, part, send, sure, texts, words } from './read';

/** People together, so that rights are given once. */
export interface Group {
  id: string;
  name: string;
  people: string[];
}

function readGroup(value: unknown): Group | null {
  const { id, name, people } = fields(value);
  return typeof id === 'string' ? { id, name: words(name), people: texts(people) } : null;
}

export async function listGroups(signal?: AbortSignal): Promise<Group[]> {
  return each((await get('/api/groups', signal)).groups, readGroup);
}

export async function makeGroup(name: string): Promise<Group> {
  return sure(readGroup(await send('POST', '/api/groups', { name })));
}

export async function changeGroup(
  id: string,
  change: { name?: string; add?: string[]; remove?: string[] },
): Promise<void> {
  await send('PATCH', `/api/groups/${part(id)}`, change);
}

export async function removeGroup(id: string): Promise<void> {
  await send('DELETE', `/api/groups/${part(id)}`);
}
