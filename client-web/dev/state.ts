import { randomBytes } from 'node:crypto';
import type { Row } from '../src/api/pages';
import { between } from '../src/wiki/order';

const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';
export const newId = (): string =>
  Array.from(randomBytes(24), (byte) => ALPHABET[byte % ALPHABET.length]).join('');

export const LEVELS = ['view', 'comment', 'edit', 'manage'] as const;
export type Level = (typeof LEVELS)[number];
export type Role = 'owner' | 'admin' | 'member' | 'guest';
export type Who = { person?: string; group?: string };
export interface Grant {
  who: Who;
  level: Level;
}

export interface Person {
  id: string;
  name: string;
  email: string;
  password: string;
  role: Role;
  color: string;
  picture: string | null;
  language: string | null;
  timeZone: string | null;
  theme: string;
  digest: string;
  suspended: boolean;
  created: number;
  seen: number | null;
  totp: boolean;
  passkeys: { id: string; name: string; created: number; used: number | null }[];
  favourites: Set<string>;
  watching: Set<string>;
  viewed: string[];
}

export interface Space {
  id: string;
  slug: string;
  name: string;
  icon: string | null;
  description: string;
  members: Level | null;
  grants: Grant[];
  archived: boolean;
}

export interface Page extends Row {
  grants: Grant[];
  trashed: { at: number; by: string } | null;
}

export interface Share {
  id: string;
  page: string;
  secret: string;
  level: 'view' | 'edit';
  subtree: boolean;
  password: string | null;
  expires: number | null;
  indexed: boolean;
  created: number;
  by: string;
}

export type NoticeKind = 'spaceGranted' | 'pageGranted' | 'pageEdited' | 'pageTrashed';
export interface Notice {
  id: string;
  user: string;
  kind: NoticeKind;
  page: string | null;
  space: string | null;
  by: string;
  at: number;
  read: boolean;
}

/** A foreign app, as the server tells of it. */
export interface AppRow {
  app: string;
  name: string;
  keys: { id: string; kind: string; publicKey?: string; created: number }[];
  origins: string[];
  created: number;
  documents: number;
  rooms: number;
  sessions: number;
  memoryBytes: number;
}

export interface World {
  setUp: boolean;
  people: Map<string, Person>;
  groups: Map<string, { id: string; name: string; people: string[] }>;
  spaces: Map<string, Space>;
  pages: Map<string, Page>;
  shares: Map<string, Share>;
  invitations: Map<
    string,
    {
      id: string;
      secret: string;
      email: string | null;
      role: Role;
      by: string;
      created: number;
      expires: number;
      spaces: { space: string; level: Level }[];
    }
  >;
  resets: Map<string, string>;
  signIns: Map<
    string,
    { id: string; person: string; created: number; seen: number; address: string; agent: string }
  >;
  tokens: Map<
    string,
    {
      id: string;
      person: string;
      name: string;
      scope: string;
      created: number;
      used: number | null;
      expires: number | null;
    }
  >;
  notices: Notice[];
  apps: Map<string, AppRow>;
  audit: {
    id: string;
    at: number;
    by: string | null;
    kind: string;
    object: string | null;
    detail: string | null;
    address: string;
  }[];
}

export const emptyWorld = (): World => ({
  setUp: false,
  people: new Map(),
  groups: new Map(),
  spaces: new Map(),
  pages: new Map(),
  shares: new Map(),
  invitations: new Map(),
  resets: new Map(),
  signIns: new Map(),
  tokens: new Map(),
  notices: [],
  apps: new Map(),
  audit: [],
});

const COLORS = ['#bb3f4e', '#b0521b', '#4f7a28', '#187a86', '#2f6fb3', '#5d62c4', '#8a52b5', '#b03f86'];

export function addPerson(world: World, name: string, email: string, password: string, role: Role): Person {
  const person: Person = {
    id: newId(),
    name,
    email,
    password,
    role,
    color: COLORS[world.people.size % COLORS.length] ?? '#5d62c4',
    picture: null,
    language: null,
    timeZone: null,
    theme: 'auto',
    digest: 'daily',
    suspended: false,
    created: Date.now() - 40 * 86_400_000,
    seen: Date.now() - 3_600_000,
    totp: false,
    passkeys: [],
    favourites: new Set(),
    watching: new Set(),
    viewed: [],
  };
  world.people.set(person.id, person);
  return person;
}

export function addSpace(world: World, name: string, slug: string, more: Partial<Space> = {}): Space {
  const space: Space = {
    id: newId(),
    slug,
    name,
    icon: null,
    description: '',
    members: 'edit',
    grants: [],
    archived: false,
    ...more,
  };
  world.spaces.set(space.id, space);
  return space;
}

export const compare = (a: Page, b: Page): number =>
  a.order === b.order ? (a.id < b.id ? -1 : 1) : a.order < b.order ? -1 : 1;

export const childrenOf = (world: World, space: string, parent: string | null): Page[] =>
  [...world.pages.values()]
    .filter((page) => page.space === space && page.parent === parent && page.trashed === null)
    .sort(compare);

export function orderIn(
  world: World,
  space: string,
  parent: string | null,
  after: string | null | undefined,
  id: string,
): string {
  const siblings = childrenOf(world, space, parent).filter((page) => page.id !== id);
  let index = siblings.length;
  if (after === null) index = 0;
  else if (after !== undefined)
    index = siblings.findIndex((page) => page.id === after) + 1 || siblings.length;
  return between(siblings[index - 1]?.order ?? null, siblings[index]?.order ?? null);
}

export function addPage(
  world: World,
  by: string,
  wish: {
    id?: string;
    space: string;
    parent?: string | null;
    after?: string | null;
    title?: string;
    icon?: string | null;
  },
): Page {
  const id = wish.id ?? newId();
  const parent = wish.parent ?? null;
  const now = Date.now();
  const page: Page = {
    id,
    space: wish.space,
    parent,
    order: orderIn(world, wish.space, parent, wish.after, id),
    title: wish.title ?? '',
    icon: wish.icon ?? null,
    restricted: false,
    template: false,
    archived: false,
    updated: now,
    updatedBy: by,
    created: now,
    createdBy: by,
    grants: [],
    trashed: null,
  };
  world.pages.set(id, page);
  return page;
}

const most = (a: Level | null, b: Level | null): Level | null => {
  if (a === null) return b;
  if (b === null) return a;
  return LEVELS.indexOf(a) > LEVELS.indexOf(b) ? a : b;
};

export const reaches = (level: Level | null, wanted: Level): boolean =>
  level !== null && LEVELS.indexOf(level) >= LEVELS.indexOf(wanted);

function granted(world: World, grants: readonly Grant[], person: string): Level | null {
  let level: Level | null = null;
  for (const grant of grants) {
    const isIn =
      grant.who.person === person ||
      (grant.who.group !== undefined && world.groups.get(grant.who.group)?.people.includes(person) === true);
    if (isIn) level = most(level, grant.level);
  }
  return level;
}

export function spaceLevel(world: World, space: Space, person: Person): Level | null {
  let level = granted(world, space.grants, person.id);
  if (space.members !== null && person.role !== 'guest') level = most(level, space.members);
  if (space.members !== null && (person.role === 'owner' || person.role === 'admin')) level = 'manage';
  return level;
}

export function chainOf(world: World, page: Page): Page[] {
  const chain: Page[] = [];
  let at: Page | undefined = page;
  while (at !== undefined && !chain.includes(at)) {
    chain.unshift(at);
    at = at.parent === null ? undefined : world.pages.get(at.parent);
  }
  return chain;
}

export function pageLevel(world: World, page: Page, person: Person): Level | null {
  const space = world.spaces.get(page.space);
  if (space === undefined) return null;
  let level = spaceLevel(world, space, person);
  const manages = level === 'manage';
  for (const one of chainOf(world, page)) {
    if (one.restricted && !manages) level = null;
    level = most(level, granted(world, one.grants, person.id));
  }
  return level;
}

export function below(world: World, id: string): Page[] {
  const found: Page[] = [];
  const waiting = [id];
  while (waiting.length > 0) {
    const at = waiting.pop();
    for (const page of world.pages.values()) {
      if (page.parent === at && !found.includes(page)) {
        found.push(page);
        waiting.push(page.id);
      }
    }
  }
  return found;
}
