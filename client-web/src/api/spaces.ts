import { each, fields, get, isObject, oneOf, part, send, sure, text, words } from './read';

/** From most to least. */
export const LEVELS = ['manage', 'edit', 'comment', 'view'] as const;
export type Level = (typeof LEVELS)[number];

export const atLeast = (level: Level, wanted: Level): boolean =>
  LEVELS.indexOf(level) <= LEVELS.indexOf(wanted);

/** A person or a group, by id. */
export type Who = { person: string } | { group: string };

export const whoKey = (who: Who): string => ('person' in who ? `person:${who.person}` : `group:${who.group}`);

export interface Grant {
  who: Who;
  level: Level;
}

/** A tree of pages with members. */
export interface Space {
  id: string;
  slug: string;
  name: string;
  icon: string | null;
  description: string;
  /** What every member of the server may; null is a private space. */
  members: Level | null;
  /** What whoever asks may. */
  level: Level;
  /** Null for those who may not know. */
  grants: Grant[] | null;
  archived: boolean;
  /** The server keeps archived spaces. */
  canArchive: boolean;
}

export const readLevel = (value: unknown): Level | null => LEVELS.find((level) => level === value) ?? null;

export function readGrant(value: unknown): Grant | null {
  const { who, level } = fields(value);
  const { person, group } = fields(who);
  const known = oneOf(level, LEVELS, 'view');
  if (typeof person === 'string') return { who: { person }, level: known };
  return typeof group === 'string' ? { who: { group }, level: known } : null;
}

/** Whether one may make pages there, or move them there. */
export const takesPages = ({ level, archived }: Space): boolean => atLeast(level, 'edit') && !archived;

export function readSpace(value: unknown): Space | null {
  const one = fields(value);
  if (typeof one.id !== 'string' || typeof one.slug !== 'string') return null;
  return {
    id: one.id,
    slug: one.slug,
    name: words(one.name),
    icon: text(one.icon),
    description: words(one.description),
    members: readLevel(one.members),
    level: readLevel(one.level) ?? 'view',
    grants: Array.isArray(one.grants) ? each(one.grants, readGrant) : null,
    archived: one.archived === true,
    canArchive: typeof one.archived === 'boolean',
  };
}

const space = async (answer: Promise<unknown>): Promise<Space> => {
  const told = await answer;
  // Tolerates an answer with the space inside.
  return sure(readSpace(isObject(fields(told).space) ? fields(told).space : told));
};

export async function listSpaces(signal?: AbortSignal): Promise<Space[]> {
  return each((await get('/api/spaces', signal)).spaces, readSpace);
}

/** For admins: every space, private ones too; of those they are not in they learn no more than the name. */
export async function listAllSpaces(signal?: AbortSignal): Promise<(Space & { isIn: boolean })[]> {
  return each((await get('/api/admin/spaces', signal)).spaces, (value) => {
    const one = readSpace(value);
    return one && { ...one, isIn: readLevel(fields(value).level) !== null };
  });
}

export const getSpace = (id: string, signal?: AbortSignal): Promise<Space> =>
  space(get(`/api/spaces/${part(id)}`, signal));

export const makeSpace = (wish: {
  name: string;
  icon?: string;
  description?: string;
  members?: Level | null;
}): Promise<Space> => space(send('POST', '/api/spaces', wish));

export type SpaceChange = Partial<
  Pick<Space, 'name' | 'slug' | 'icon' | 'description' | 'members' | 'archived'>
>;

export const changeSpace = (id: string, change: SpaceChange): Promise<Space> =>
  space(send('PATCH', `/api/spaces/${part(id)}`, change));

/** Everything in it goes too, so its name is asked for. */
export async function removeSpace(id: string, name: string): Promise<void> {
  await send('DELETE', `/api/spaces/${part(id)}`, { name });
}

export async function grantSpace(id: string, grant: Grant): Promise<void> {
  await send('PUT', `/api/spaces/${part(id)}/grants`, grant);
}

export async function ungrantSpace(id: string, who: Who): Promise<void> {
  await send('DELETE', `/api/spaces/${part(id)}/grants`, { who });
}

export async function takeOverSpace(id: string): Promise<void> {
  await send('POST', `/api/spaces/${part(id)}/take-over`);
}
