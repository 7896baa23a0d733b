import { randomBytes } from 'node:crypto';
import type { WebSocket } from 'ws';
import { slugOf } from '../src/wiki/address';
import { Rooms } from './rooms';
import { seed } from './seed';
import {
  chainOf,
  emptyWorld,
  type Grant,
  type Level,
  type Notice,
  type NoticeKind,
  newId,
  type Page,
  type Person,
  pageLevel,
  reaches,
  type Share,
  type Space,
  spaceLevel,
  type Who,
  type World,
} from './state';

/** What the terminal prints on the first start of a real server. */
export const SETUP_TOKEN = 'setup-token';
export const TOTP_CODE = '123456';

export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field?: string,
  ) {
    super(message);
  }
}
export const notFound = (): Refusal => new Refusal(404, 'not_found', 'There is no such thing here.');
export const forbidden = (): Refusal => new Refusal(403, 'forbidden', 'You may not do this.');

export interface Call {
  method: string;
  path: string[];
  query: URLSearchParams;
  // biome-ignore lint/suspicious/noExplicitAny: a stand-in believes what it is sent
  body: any;
  raw: Buffer;
  contentType: string;
  cookies: Map<string, string>;
  share: string | null;
  agent: string;
  setCookie: (value: string) => void;
}

export let world: World = emptyWorld();
/** Who listens to what happens, by their sign-in. */
export const listeners = new Map<WebSocket, string>();
export const rooms = new Rooms((document, title) => {
  const page = world.pages.get(document.slice('page/'.length));
  if (page === undefined || page.title === title) return;
  page.title = title;
  page.updated = Date.now();
  tellPage(page);
});

/** Begins anew: with a team and its pages, of which `many` more, or with nobody at all. */
export function start({ fresh = false, many = 0 } = {}): void {
  world = emptyWorld();
  rooms.forget();
  if (!fresh) {
    seed(world, (page, paragraphs) => rooms.write(`page/${page.id}`, page.title, paragraphs), many);
  }
}

export const rowOf = (page: Page) => {
  const { grants: _grants, trashed: _trashed, ...row } = page;
  return row;
};

export function tell(frame: (person: Person) => unknown): void {
  for (const [socket, id] of listeners) {
    const person = world.people.get(world.signIns.get(id)?.person ?? '');
    const told = person === undefined ? null : frame(person);
    if (told !== null && told !== undefined) socket.send(JSON.stringify(told));
  }
}
export const tellPage = (page: Page): void =>
  tell((person) =>
    pageLevel(world, page, person) === null || page.trashed !== null
      ? { kind: 'pageGone', id: page.id, space: page.space }
      : { kind: 'page', page: rowOf(page) },
  );

export function audienceOf(page: Page) {
  const space = world.spaces.get(page.space);
  const chain = chainOf(world, page);
  const link = [...world.shares.values()].some((share) => share.page === page.id);
  const isClosed = chain.some((one) => one.restricted) || space?.members === null;
  const closed = chain.findLastIndex((one) => one.restricted);
  const grants = chain.slice(Math.max(closed, 0)).flatMap((one) => one.grants);
  const all: Grant[] = closed >= 0 ? grants : [...grants, ...(space?.grants ?? [])];
  const people = [...new Set(all.flatMap(({ who }) => (who.person === undefined ? [] : [who.person])))];
  const groups = [...new Set(all.flatMap(({ who }) => (who.group === undefined ? [] : [who.group])))];
  return {
    kind: isClosed ? 'people' : 'members',
    spaceName: space?.name ?? '',
    people: people.slice(0, 5).map((id) => ({ id, name: world.people.get(id)?.name ?? '' })),
    groups: groups.map((id) => world.groups.get(id)?.name ?? ''),
    more: Math.max(0, people.length - 5),
    link,
  };
}

export function pageOf(page: Page, level: Level, person: Person | null) {
  return {
    ...rowOf(page),
    level,
    slug: slugOf(page.title),
    breadcrumb: chainOf(world, page)
      .slice(0, -1)
      .map(({ id, title, icon }) => ({ id, title, icon })),
    trashed: page.trashed,
    favourite: person?.favourites.has(page.id) ?? false,
    watching: person?.watching.has(page.id) ?? false,
    ...(level === 'manage' ? { grants: page.grants } : {}),
    audience: audienceOf(page),
  };
}

export const spaceOf = (space: Space, level: Level) => ({
  ...space,
  grants: level === 'manage' ? space.grants : undefined,
  level,
});

export const meOf = ({ favourites: _f, watching: _w, viewed: _v, password: _p, ...person }: Person) => ({
  ...person,
  hasPassword: true,
  passkeys: person.passkeys.length,
});

export function signedIn(call: Call): Person | null {
  const signIn = world.signIns.get(call.cookies.get('weft') ?? '');
  return signIn === undefined ? null : (world.people.get(signIn.person) ?? null);
}

export function me(call: Call): Person {
  const person = signedIn(call);
  if (person !== null) return person;
  throw world.setUp
    ? new Refusal(401, 'sign_in', 'Nobody is signed in.')
    : new Refusal(409, 'set_up', 'The server has no owner yet.');
}

export function admin(call: Call): Person {
  const person = me(call);
  if (person.role !== 'owner' && person.role !== 'admin') throw forbidden();
  return person;
}

/** Ends sign-ins, and tells the browsers that were there by them. */
export function endSignIns(ids: Iterable<string>): void {
  for (const id of ids) {
    world.signIns.delete(id);
    for (const [socket, listening] of listeners) {
      if (listening === id) socket.send(JSON.stringify({ kind: 'signedOut' }));
    }
  }
}

export function signIn(call: Call, person: Person) {
  const id = newId();
  const now = Date.now();
  world.signIns.set(id, {
    id,
    person: person.id,
    created: now,
    seen: now,
    address: '127.0.0.1',
    agent: call.agent,
  });
  call.setCookie(`weft=${id}; Path=/; HttpOnly; SameSite=Lax`);
  return meOf(person);
}

export function checkPassword(password: unknown): string {
  if (typeof password !== 'string' || password.length < 10) {
    throw new Refusal(422, 'invalid', 'A password has at least 10 characters.', 'password');
  }
  if (/^password/i.test(password)) {
    throw new Refusal(422, 'invalid', 'The password is among those that are tried first.', 'password');
  }
  return password;
}

export function shareOf(call: Call): Share | null {
  return [...world.shares.values()].find(({ secret }) => secret === call.share) ?? null;
}

export function inShare(share: Share, page: Page): boolean {
  if (page.trashed !== null || page.archived) return false;
  const chain = chainOf(world, page);
  const at = chain.findIndex(({ id }) => id === share.page);
  if (at < 0) return false;
  return at === chain.length - 1 || (share.subtree && !chain.slice(at + 1).some((one) => one.restricted));
}

export function reach(call: Call, id: string, wanted: Level): { page: Page; level: Level } {
  const page = world.pages.get(id);
  if (page === undefined) throw notFound();
  const share = shareOf(call);
  const person = share === null ? me(call) : null;
  const level =
    person === null
      ? share !== null && inShare(share, page)
        ? share.level
        : null
      : pageLevel(world, page, person);
  if (level === null) throw notFound();
  if (!reaches(level, wanted)) throw forbidden();
  return { page, level };
}

export function spaceAt(call: Call, id: string, wanted: Level): { space: Space; level: Level } {
  const space = world.spaces.get(id);
  const level = space === undefined ? null : spaceLevel(world, space, me(call));
  if (space === undefined || level === null) throw notFound();
  if (!reaches(level, wanted)) throw forbidden();
  return { space, level };
}

export type Answer = { status?: number; body?: unknown; text?: string; type?: string };
export const ok = (body: unknown, status = 200): Answer => ({ status, body });
export const done: Answer = { status: 204 };
export type Handler = (call: Call, ...ids: string[]) => Answer;
export type Route = [pattern: string, Handler];

export const spaceFrame = (space: Space) => (person: Person) => {
  const level = spaceLevel(world, space, person);
  return level === null
    ? { kind: 'spaceGone', id: space.id }
    : { kind: 'space', space: spaceOf(space, level) };
};

export function audit(call: Call, kind: string, object: string | null, detail: string | null = null): void {
  const by = signedIn(call)?.id ?? null;
  world.audit.unshift({
    id: String(1001 + world.audit.length),
    at: Date.now(),
    by,
    kind,
    object,
    detail,
    address: '127.0.0.1',
  });
}

export const linkOf = (share: Share): string => `http://localhost/s/${share.secret}`;
export const shareJson = ({ page: _page, secret: _secret, password, ...share }: Share) => ({
  ...share,
  hasPassword: password !== null,
  link: null,
});

/** Tells people of what concerns them; whoever did it knows already, and nobody hears of the same twice. */
export function notify(
  whom: Iterable<string>,
  kind: NoticeKind,
  about: { page?: string; space?: string },
  by: string,
): void {
  const { page = null, space = null } = about;
  for (const user of new Set(whom)) {
    const isKnown = world.notices.some(
      (one) =>
        one.user === user && one.kind === kind && one.page === page && one.space === space && !one.read,
    );
    if (user === by || isKnown) continue;
    world.notices.unshift({ id: newId(), user, kind, page, space, by, at: Date.now(), read: false });
    tell((person) => (person.id === user ? { kind: 'notice' } : null));
  }
}

export const peopleBehind = ({ person, group }: Who): string[] =>
  person === undefined ? (world.groups.get(group ?? '')?.people ?? []) : [person];

export const watchersOf = (page: string): string[] =>
  [...world.people.values()].filter(({ watching }) => watching.has(page)).map(({ id }) => id);

/** A notice with the names that whoever asks may know. */
export function noticeOf(notice: Notice, person: Person) {
  const page = world.pages.get(notice.page ?? '');
  const space = world.spaces.get(notice.space ?? '');
  const seesPage = page !== undefined && pageLevel(world, page, person) !== null;
  const seesSpace = space !== undefined && spaceLevel(world, space, person) !== null;
  const { id, kind, at, read } = notice;
  return {
    id,
    kind,
    at,
    read,
    page: seesPage ? { id: page.id, name: page.title } : null,
    space: seesSpace ? { id: space.id, name: space.name } : null,
    by: { id: notice.by, name: world.people.get(notice.by)?.name ?? '' },
  };
}

const challenges = new Set<string>();

/** What a passkey is to sign. The stand-in believes every signature, but only of a challenge that it gave. */
export function challenge(): string {
  const made = randomBytes(32).toString('base64url');
  challenges.add(made);
  return made;
}

export function checkChallenge(credential: { response: { clientDataJSON: string } }): void {
  const told = JSON.parse(Buffer.from(credential.response.clientDataJSON, 'base64url').toString());
  if (!challenges.delete(told.challenge)) throw new Refusal(401, 'wrong', 'This is not what was asked.');
}
