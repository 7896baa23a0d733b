import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Plugin, PreviewServer, ViteDevServer } from 'vite';
import { type WebSocket, WebSocketServer } from 'ws';
import { slugOf } from '../src/wiki/address';
import { Rooms } from './rooms';
import { PASSWORD, seed } from './seed';
import {
  addPage,
  addPerson,
  addSpace,
  below,
  chainOf,
  childrenOf,
  compare,
  emptyWorld,
  type Grant,
  type Level,
  newId,
  orderIn,
  type Page,
  type Person,
  pageLevel,
  type Role,
  reaches,
  type Share,
  type Space,
  spaceLevel,
  type World,
} from './state';

/** What the terminal prints on the first start of a real server. */
const SETUP_TOKEN = 'setup-token';
const TOTP_CODE = '123456';

class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field?: string,
  ) {
    super(message);
  }
}
const notFound = (): Refusal => new Refusal(404, 'not_found', 'There is no such thing here.');
const forbidden = (): Refusal => new Refusal(403, 'forbidden', 'You may not do this.');

interface Call {
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

let world: World = emptyWorld();
let many = 0;
const listeners = new Map<WebSocket, string>();
const rooms = new Rooms((document, title) => {
  const page = world.pages.get(document.slice('page/'.length));
  if (page === undefined || page.title === title) return;
  page.title = title;
  page.updated = Date.now();
  tellPage(page);
});

function start(fresh: boolean): void {
  world = emptyWorld();
  rooms.forget();
  if (!fresh) {
    seed(world, (page, paragraphs) => rooms.write(`page/${page.id}`, page.title, paragraphs), many);
  }
}

const rowOf = (page: Page) => {
  const { grants: _grants, trashed: _trashed, ...row } = page;
  return row;
};

function tell(frame: (person: Person) => unknown): void {
  for (const [socket, id] of listeners) {
    const person = world.people.get(id);
    const told = person === undefined ? null : frame(person);
    if (told !== null && told !== undefined) socket.send(JSON.stringify(told));
  }
}
const tellPage = (page: Page): void =>
  tell((person) =>
    pageLevel(world, page, person) === null || page.trashed !== null
      ? { kind: 'pageGone', id: page.id, space: page.space }
      : { kind: 'page', page: rowOf(page) },
  );

function audienceOf(page: Page) {
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

function pageOf(page: Page, level: Level, person: Person | null) {
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

const spaceOf = (space: Space, level: Level) => ({
  ...space,
  grants: level === 'manage' ? space.grants : undefined,
  level,
});

const meOf = ({ favourites: _f, watching: _w, viewed: _v, password: _p, ...person }: Person) => ({
  ...person,
  hasPassword: true,
  passkeys: person.passkeys.length,
});

function signedIn(call: Call): Person | null {
  const signIn = world.signIns.get(call.cookies.get('weft') ?? '');
  return signIn === undefined ? null : (world.people.get(signIn.person) ?? null);
}

function me(call: Call): Person {
  const person = signedIn(call);
  if (person !== null) return person;
  throw world.setUp
    ? new Refusal(401, 'sign_in', 'Nobody is signed in.')
    : new Refusal(409, 'set_up', 'The server has no owner yet.');
}

function admin(call: Call): Person {
  const person = me(call);
  if (person.role !== 'owner' && person.role !== 'admin') throw forbidden();
  return person;
}

function signIn(call: Call, person: Person) {
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

function checkPassword(password: unknown): string {
  if (typeof password !== 'string' || password.length < 10) {
    throw new Refusal(422, 'invalid', 'A password has at least 10 characters.', 'password');
  }
  return password;
}

function shareOf(call: Call): Share | null {
  return [...world.shares.values()].find(({ secret }) => secret === call.share) ?? null;
}

function inShare(share: Share, page: Page): boolean {
  if (page.trashed !== null || page.archived) return false;
  const chain = chainOf(world, page);
  const at = chain.findIndex(({ id }) => id === share.page);
  if (at < 0) return false;
  return at === chain.length - 1 || (share.subtree && !chain.slice(at + 1).some((one) => one.restricted));
}

function reach(call: Call, id: string, wanted: Level): { page: Page; level: Level } {
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

function spaceAt(call: Call, id: string, wanted: Level): { space: Space; level: Level } {
  const space = world.spaces.get(id);
  const level = space === undefined ? null : spaceLevel(world, space, me(call));
  if (space === undefined || level === null) throw notFound();
  if (!reaches(level, wanted)) throw forbidden();
  return { space, level };
}

type Answer = { status?: number; body?: unknown; text?: string; type?: string };
const ok = (body: unknown, status = 200): Answer => ({ status, body });
const done: Answer = { status: 204 };
type Handler = (call: Call, ...ids: string[]) => Answer;

const spaceFrame = (space: Space) => (person: Person) => {
  const level = spaceLevel(world, space, person);
  return level === null
    ? { kind: 'spaceGone', id: space.id }
    : { kind: 'space', space: spaceOf(space, level) };
};

function audit(call: Call, kind: string, object: string | null, detail: string | null = null): void {
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

const ROUTES: [pattern: string, Handler][] = [
  [
    'POST stub/start',
    (call) => {
      many = Number(call.query.get('many') ?? 0);
      start(call.query.get('fresh') !== null);
      return done;
    },
  ],
  [
    'GET server',
    () =>
      ok({
        version: '0.0.0 (stand-in)',
        name: 'Lindqvist & Co',
        setUp: world.setUp,
        openRooms: true,
        mail: false,
        signIn: {
          password: true,
          passkeys: true,
          totp: true,
          providers: [{ id: 'corp', label: 'Corporate account' }],
        },
      }),
  ],
  [
    'GET setup',
    (call) => {
      if (world.setUp) throw notFound();
      if (call.query.get('token') !== SETUP_TOKEN)
        throw new Refusal(403, 'wrong', 'This link is not the right one.');
      return done;
    },
  ],
  [
    'POST setup',
    (call) => {
      if (world.setUp) throw notFound();
      if (call.body.token !== SETUP_TOKEN) throw new Refusal(403, 'wrong', 'This link is not the right one.');
      checkPassword(call.body.password);
      const person = addPerson(world, call.body.name, call.body.email, call.body.password, 'owner');
      world.setUp = true;
      const space = addSpace(world, 'Home', 'home', {
        grants: [{ who: { person: person.id }, level: 'manage' }],
      });
      const page = addPage(world, person.id, { space: space.id, title: 'Welcome', icon: '👋' });
      rooms.write(`page/${page.id}`, page.title, ['Everybody who is invited can write here.']);
      return ok(signIn(call, person), 201);
    },
  ],
  [
    'POST sign-in',
    (call) => {
      const person = [...world.people.values()].find(
        ({ email }) => email === String(call.body.email).toLowerCase(),
      );
      if (call.body.password === 'locked') throw new Refusal(429, 'locked_out', 'Too many tries.');
      if (person === undefined || person.password !== call.body.password || person.suspended) {
        throw new Refusal(401, 'wrong', 'E-mail or password are wrong.');
      }
      if (person.totp && call.body.code === undefined)
        throw new Refusal(401, 'code_needed', 'A code is due.');
      if (person.totp && call.body.code !== TOTP_CODE)
        throw new Refusal(401, 'wrong', 'The code is wrong.', 'code');
      return ok(signIn(call, person));
    },
  ],
  [
    'POST sign-out',
    (call) => {
      world.signIns.delete(call.cookies.get('weft') ?? '');
      call.setCookie('weft=; Path=/; Max-Age=0');
      return done;
    },
  ],
  ['GET me', (call) => ok(meOf(me(call)))],
  [
    'PATCH me',
    (call) => {
      const person = me(call);
      if (call.body.name !== undefined && String(call.body.name).trim() === '') {
        throw new Refusal(422, 'invalid', 'A name is needed.', 'name');
      }
      Object.assign(person, call.body);
      tell(() => ({ kind: 'person', person: { id: person.id } }));
      return ok(meOf(person));
    },
  ],
  [
    'PUT me/picture',
    (call) => {
      const person = me(call);
      person.picture = `data:${call.contentType};base64,${call.raw.toString('base64')}`;
      return ok(meOf(person));
    },
  ],
  [
    'DELETE me/picture',
    (call) => {
      me(call).picture = null;
      return done;
    },
  ],
  [
    'POST me/password',
    (call) => {
      const person = me(call);
      if (call.body.current !== person.password)
        throw new Refusal(401, 'wrong', 'The current password is wrong.', 'current');
      person.password = checkPassword(call.body.password);
      return done;
    },
  ],
  [
    'GET me/sign-ins',
    (call) => {
      const person = me(call);
      const own = [...world.signIns.values()].filter((one) => one.person === person.id);
      return ok({
        signIns: own.map(({ person: _, ...one }) => ({
          ...one,
          current: one.id === call.cookies.get('weft'),
        })),
      });
    },
  ],
  [
    'DELETE me/sign-ins',
    (call) => {
      const person = me(call);
      for (const one of [...world.signIns.values()]) {
        if (one.person === person.id && one.id !== call.cookies.get('weft')) world.signIns.delete(one.id);
      }
      return done;
    },
  ],
  [
    'DELETE me/sign-ins/:id',
    (call, id) => {
      me(call);
      world.signIns.delete(id ?? '');
      return done;
    },
  ],
  [
    'GET me/tokens',
    (call) => {
      const person = me(call);
      return ok({ tokens: [...world.tokens.values()].filter((one) => one.person === person.id) });
    },
  ],
  [
    'POST me/tokens',
    (call) => {
      const token = {
        id: newId(),
        person: me(call).id,
        used: null,
        expires: null,
        created: Date.now(),
        ...call.body,
      };
      world.tokens.set(token.id, token);
      return ok({ ...token, secret: `weft_${randomBytes(32).toString('base64url')}` }, 201);
    },
  ],
  [
    'DELETE me/tokens/:id',
    (call, id) => {
      me(call);
      world.tokens.delete(id ?? '');
      return done;
    },
  ],
  [
    'POST me/totp',
    (call) => {
      const { email } = me(call);
      return ok({
        secret: 'JBSW Y3DP EHPK 3PXP',
        link: `otpauth://totp/Weft:${email}?secret=JBSWY3DPEHPK3PXP&issuer=Weft`,
      });
    },
  ],
  [
    'POST me/totp/confirm',
    (call) => {
      if (call.body.code !== TOTP_CODE) throw new Refusal(422, 'invalid', 'The code is wrong.', 'code');
      me(call).totp = true;
      return ok({ recoveryCodes: Array.from({ length: 10 }, () => newId().slice(0, 10)) });
    },
  ],
  [
    'DELETE me/totp',
    (call) => {
      const person = me(call);
      if (call.body.password !== person.password)
        throw new Refusal(401, 'wrong', 'The password is wrong.', 'password');
      person.totp = false;
      return done;
    },
  ],
  ['GET me/passkeys', (call) => ok({ passkeys: me(call).passkeys })],
  ['POST password-resets', () => ({ status: 202 })],
  [
    'GET password-resets/:secret',
    (_call, secret) => {
      const person = world.people.get(world.resets.get(secret ?? '') ?? '');
      if (person === undefined) throw new Refusal(410, 'gone', 'This link has been used or has ended.');
      return ok({ email: person.email });
    },
  ],
  [
    'POST password-resets/:secret',
    (call, secret) => {
      const person = world.people.get(world.resets.get(secret ?? '') ?? '');
      if (person === undefined) throw new Refusal(410, 'gone', 'This link has been used or has ended.');
      person.password = checkPassword(call.body.password);
      world.resets.delete(secret ?? '');
      return done;
    },
  ],
  [
    'GET invitations',
    (call) => {
      admin(call);
      return ok({ invitations: [...world.invitations.values()].map(({ secret: _, ...one }) => one) });
    },
  ],
  [
    'POST invitations',
    (call) => {
      const by = admin(call);
      const one = {
        id: newId(),
        secret: newId(),
        email: null,
        spaces: [],
        created: Date.now(),
        expires: Date.now() + 7 * 86_400_000,
        by: by.id,
        ...call.body,
      };
      world.invitations.set(one.id, one);
      audit(call, 'invitation_made', one.email);
      return ok({ id: one.id, link: `http://localhost/invite/${one.secret}`, sent: false }, 201);
    },
  ],
  [
    'DELETE invitations/:id',
    (call, id) => {
      admin(call);
      world.invitations.delete(id ?? '');
      return done;
    },
  ],
  [
    'GET invitations/:secret',
    (_call, secret) => {
      const one = [...world.invitations.values()].find((each) => each.secret === secret);
      if (one === undefined) throw new Refusal(410, 'gone', 'This invitation has been used or has ended.');
      return ok({
        email: one.email,
        by: world.people.get(one.by)?.name ?? '',
        server: 'Lindqvist & Co',
        role: one.role,
      });
    },
  ],
  [
    'POST invitations/:secret',
    (call, secret) => {
      const one = [...world.invitations.values()].find((each) => each.secret === secret);
      if (one === undefined) throw new Refusal(410, 'gone', 'This invitation has been used or has ended.');
      if ([...world.people.values()].some(({ email }) => email === call.body.email)) {
        throw new Refusal(409, 'email_taken', 'This e-mail has an account.', 'email');
      }
      checkPassword(call.body.password);
      const person = addPerson(world, call.body.name, call.body.email, call.body.password, one.role);
      for (const { space, level } of one.spaces)
        world.spaces.get(space)?.grants.push({ who: { person: person.id }, level });
      world.invitations.delete(one.id);
      return ok(signIn(call, person), 201);
    },
  ],
  [
    'GET people',
    (call) => {
      const isAdmin = ['owner', 'admin'].includes(me(call).role);
      return ok({
        people: [...world.people.values()].map(
          ({ id, name, color, picture, role, suspended, email, created, seen }) => ({
            id,
            name,
            color,
            picture,
            role,
            suspended,
            ...(isAdmin ? { email, created, seen, signIn: 'password' } : {}),
          }),
        ),
      });
    },
  ],
  [
    'PATCH people/:id',
    (call, id) => {
      admin(call);
      const person = world.people.get(id ?? '');
      if (person === undefined) throw notFound();
      const owners = [...world.people.values()].filter(({ role }) => role === 'owner');
      const isLast = person.role === 'owner' && owners.length === 1;
      if (isLast && ((call.body.role ?? 'owner') !== 'owner' || call.body.suspended === true)) {
        throw new Refusal(409, 'last_owner', 'Somebody has to be the owner.');
      }
      Object.assign(person, call.body);
      tell(() => ({ kind: 'person', person: { id: person.id } }));
      return ok(meOf(person));
    },
  ],
  [
    'POST people/:id/reset',
    (call, id) => {
      admin(call);
      const secret = newId();
      world.resets.set(secret, id ?? '');
      return ok({ link: `http://localhost/reset/${secret}` }, 201);
    },
  ],
  [
    'DELETE people/:id',
    (call, id) => {
      if (me(call).role !== 'owner') throw forbidden();
      world.people.delete(id ?? '');
      tell(() => ({ kind: 'person', person: { id } }));
      return done;
    },
  ],
  [
    'GET groups',
    (call) => {
      me(call);
      return ok({ groups: [...world.groups.values()] });
    },
  ],
  [
    'POST groups',
    (call) => {
      admin(call);
      const group = { id: newId(), name: call.body.name, people: [] };
      world.groups.set(group.id, group);
      return ok(group, 201);
    },
  ],
  [
    'PATCH groups/:id',
    (call, id) => {
      admin(call);
      const group = world.groups.get(id ?? '');
      if (group === undefined) throw notFound();
      group.name = call.body.name ?? group.name;
      const remove: string[] = call.body.remove ?? [];
      group.people = [...new Set([...group.people, ...(call.body.add ?? [])])].filter(
        (one) => !remove.includes(one),
      );
      return ok(group);
    },
  ],
  [
    'DELETE groups/:id',
    (call, id) => {
      admin(call);
      world.groups.delete(id ?? '');
      return done;
    },
  ],
  [
    'GET spaces',
    (call) => {
      const person = me(call);
      return ok({
        spaces: [...world.spaces.values()].flatMap((space) => {
          const level = spaceLevel(world, space, person);
          return level === null ? [] : [spaceOf(space, level)];
        }),
      });
    },
  ],
  [
    'POST spaces',
    (call) => {
      const person = me(call);
      if (person.role === 'guest') throw forbidden();
      const name = String(call.body.name ?? '').trim();
      if (name === '') throw new Refusal(422, 'invalid', 'A name is needed.', 'name');
      let slug = slugOf(name) || 'space';
      while ([...world.spaces.values()].some((space) => space.slug === slug)) slug += '-2';
      const space = addSpace(world, name, slug, {
        icon: call.body.icon ?? null,
        description: call.body.description ?? '',
        members: call.body.members === undefined ? 'edit' : call.body.members,
        grants: [{ who: { person: person.id }, level: 'manage' }],
      });
      tell(spaceFrame(space));
      return ok(spaceOf(space, 'manage'), 201);
    },
  ],
  [
    'GET spaces/:id',
    (call, id) => {
      const { space, level } = spaceAt(call, id ?? '', 'view');
      return ok(spaceOf(space, level));
    },
  ],
  [
    'PATCH spaces/:id',
    (call, id) => {
      const { space } = spaceAt(call, id ?? '', 'manage');
      const { slug } = call.body;
      if (
        slug !== undefined &&
        [...world.spaces.values()].some((one) => one !== space && one.slug === slug)
      ) {
        throw new Refusal(409, 'slug_taken', 'Another space has this address.', 'slug');
      }
      Object.assign(space, call.body);
      tell(spaceFrame(space));
      return ok(spaceOf(space, 'manage'));
    },
  ],
  [
    'DELETE spaces/:id',
    (call, id) => {
      const { space } = spaceAt(call, id ?? '', 'manage');
      if (call.body.name !== space.name) throw new Refusal(422, 'invalid', 'The name is another.', 'name');
      world.spaces.delete(space.id);
      for (const page of [...world.pages.values()]) if (page.space === space.id) world.pages.delete(page.id);
      tell(() => ({ kind: 'spaceGone', id: space.id }));
      return done;
    },
  ],
  [
    'PUT spaces/:id/grants',
    (call, id) => {
      const { space } = spaceAt(call, id ?? '', 'manage');
      const key = JSON.stringify(call.body.who);
      space.grants = [...space.grants.filter(({ who }) => JSON.stringify(who) !== key), call.body];
      tell(spaceFrame(space));
      return done;
    },
  ],
  [
    'DELETE spaces/:id/grants',
    (call, id) => {
      const { space } = spaceAt(call, id ?? '', 'manage');
      const key = JSON.stringify(call.body.who);
      const left = space.grants.filter(({ who }) => JSON.stringify(who) !== key);
      if (!left.some(({ level }) => level === 'manage')) {
        throw new Refusal(409, 'last_manager', 'Somebody has to manage the space.');
      }
      space.grants = left;
      tell(spaceFrame(space));
      return done;
    },
  ],
  [
    'POST spaces/:id/take-over',
    (call, id) => {
      const person = admin(call);
      const space = world.spaces.get(id ?? '');
      if (space === undefined) throw notFound();
      space.grants.push({ who: { person: person.id }, level: 'manage' });
      audit(call, 'space_taken_over', space.name);
      tell(spaceFrame(space));
      return done;
    },
  ],
  [
    'GET admin/spaces',
    (call) => {
      const person = admin(call);
      return ok({
        spaces: [...world.spaces.values()].map((space) => ({
          ...space,
          level: spaceLevel(world, space, person),
          pages: [...world.pages.values()].filter((page) => page.space === space.id).length,
        })),
      });
    },
  ],
  [
    'GET spaces/:id/pages',
    (call, id) => {
      const person = me(call);
      const { space } = spaceAt(call, id ?? '', 'view');
      const pages = [...world.pages.values()]
        .filter((page) => page.space === space.id && page.trashed === null)
        .filter((page) => pageLevel(world, page, person) !== null)
        .sort(compare);
      return ok({ pages: pages.map(rowOf) });
    },
  ],
  [
    'GET spaces/:id/trash',
    (call, id) => {
      const person = me(call);
      const { space } = spaceAt(call, id ?? '', 'edit');
      const pages = [...world.pages.values()].filter(
        (page) => page.space === space.id && page.trashed !== null && pageLevel(world, page, person) !== null,
      );
      const top = pages.filter((page) => !pages.some((other) => other.id === page.parent));
      return ok({ pages: top.map((page) => ({ ...rowOf(page), trashed: page.trashed })) });
    },
  ],
  [
    'POST pages',
    (call) => {
      const person = me(call);
      const { space } = spaceAt(call, call.body.space, 'view');
      const parent = call.body.parent ?? null;
      const level = parent === null ? spaceLevel(world, space, person) : reach(call, parent, 'view').level;
      if (!reaches(level, 'edit')) throw forbidden();
      if (call.body.id !== undefined && world.pages.has(call.body.id))
        throw new Refusal(409, 'conflict', 'This page exists.');
      const page = addPage(world, person.id, call.body);
      if (call.body.title) rooms.write(`page/${page.id}`, call.body.title, ['']);
      tellPage(page);
      return ok(pageOf(page, pageLevel(world, page, person) ?? 'edit', person), 201);
    },
  ],
  [
    'GET pages/:id',
    (call, id) => {
      const { page, level } = reach(call, id ?? '', 'view');
      if (page.trashed !== null && !reaches(level, 'edit')) throw notFound();
      return ok(pageOf(page, level, signedIn(call)));
    },
  ],
  [
    'PATCH pages/:id',
    (call, id) => {
      const { page, level } = reach(call, id ?? '', 'edit');
      Object.assign(page, call.body);
      tellPage(page);
      return ok(pageOf(page, level, me(call)));
    },
  ],
  [
    'POST pages/:id/move',
    (call, id) => {
      const person = me(call);
      const { page } = reach(call, id ?? '', 'edit');
      const space = call.body.space ?? page.space;
      const parent = call.body.parent === undefined ? page.parent : call.body.parent;
      const under = below(world, page.id);
      if (parent === page.id || under.some((one) => one.id === parent)) {
        throw new Refusal(409, 'circle', 'A page cannot be below itself.');
      }
      const target = world.spaces.get(space);
      if (target === undefined || !reaches(spaceLevel(world, target, person), 'edit')) throw forbidden();
      page.order = orderIn(world, space, parent, call.body.after, page.id);
      page.space = space;
      page.parent = parent;
      for (const one of under) one.space = space;
      for (const one of [page, ...under]) tellPage(one);
      return ok(pageOf(page, pageLevel(world, page, person) ?? 'view', person));
    },
  ],
  [
    'POST pages/:id/duplicate',
    (call, id) => {
      const person = me(call);
      const { page, level } = reach(call, id ?? '', 'edit');
      const copy = (from: Page, parent: string | null, after: string | null | undefined): Page => {
        const title = parent === page.parent ? `${from.title} (copy)` : from.title;
        const made = addPage(world, person.id, { space: from.space, parent, after, title, icon: from.icon });
        rooms.write(`page/${made.id}`, title, ['']);
        tellPage(made);
        if (call.body.subtree === true)
          for (const child of childrenOf(world, from.space, from.id)) copy(child, made.id, undefined);
        return made;
      };
      return ok(pageOf(copy(page, page.parent, page.id), level, person), 201);
    },
  ],
  [
    'DELETE pages/:id',
    (call, id) => {
      const { page } = reach(call, id ?? '', 'edit');
      for (const one of [page, ...below(world, page.id)]) {
        one.trashed = { at: Date.now(), by: me(call).id };
        tellPage(one);
      }
      audit(call, 'page_trashed', page.title);
      return done;
    },
  ],
  [
    'POST pages/:id/restore',
    (call, id) => {
      const { page, level } = reach(call, id ?? '', 'edit');
      const parent = page.parent === null ? undefined : world.pages.get(page.parent);
      if (parent === undefined || parent.trashed !== null) page.parent = null;
      for (const one of [page, ...below(world, page.id)]) {
        one.trashed = null;
        tellPage(one);
      }
      return ok(pageOf(page, level, me(call)));
    },
  ],
  [
    'DELETE pages/:id/forever',
    (call, id) => {
      const { page } = reach(call, id ?? '', 'manage');
      for (const one of [page, ...below(world, page.id)]) world.pages.delete(one.id);
      return done;
    },
  ],
  [
    'PUT pages/:id/access',
    (call, id) => {
      const { page, level } = reach(call, id ?? '', 'manage');
      page.restricted = call.body.restricted;
      page.grants = call.body.grants;
      tellPage(page);
      return ok(pageOf(page, level, me(call)));
    },
  ],
  [
    'PUT pages/:id/favourite',
    (call, id) => {
      me(call).favourites.add(reach(call, id ?? '', 'view').page.id);
      return done;
    },
  ],
  [
    'DELETE pages/:id/favourite',
    (call, id) => {
      me(call).favourites.delete(id ?? '');
      return done;
    },
  ],
  [
    'PUT pages/:id/watch',
    (call, id) => {
      me(call).watching.add(reach(call, id ?? '', 'view').page.id);
      return done;
    },
  ],
  [
    'DELETE pages/:id/watch',
    (call, id) => {
      me(call).watching.delete(id ?? '');
      return done;
    },
  ],
  [
    'POST pages/:id/visit',
    (call, id) => {
      const person = me(call);
      person.viewed = [id ?? '', ...person.viewed.filter((one) => one !== id)].slice(0, 30);
      return done;
    },
  ],
  [
    'GET home',
    (call) => {
      const person = me(call);
      const seen = [...world.pages.values()].filter(
        (page) => page.trashed === null && pageLevel(world, page, person) !== null,
      );
      const newest = [...seen].sort((a, b) => b.updated - a.updated);
      const byId = (ids: Iterable<string>): Page[] =>
        [...ids].map((id) => seen.find((page) => page.id === id)).filter((page) => page !== undefined);
      const lists = {
        viewed: byId(person.viewed),
        edited: newest,
        mine: newest.filter((page) => page.createdBy === person.id),
        favourites: byId(person.favourites),
        shared: newest.filter((page) => {
          const space = world.spaces.get(page.space);
          return space !== undefined && spaceLevel(world, space, person) === null;
        }),
      };
      return ok(
        Object.fromEntries(
          Object.entries(lists).map(([name, pages]) => [name, pages.slice(0, 30).map(rowOf)]),
        ),
      );
    },
  ],
  [
    'GET find',
    (call) => {
      const person = me(call);
      const wanted = (call.query.get('q') ?? '').toLowerCase().split(/\s+/).filter(Boolean);
      const found = [...world.pages.values()].filter(
        (page) =>
          page.trashed === null &&
          wanted.every((word) => page.title.toLowerCase().includes(word)) &&
          pageLevel(world, page, person) !== null,
      );
      return ok({ pages: found.slice(0, 20).map(rowOf) });
    },
  ],
  [
    'GET pages/:id/shares',
    (call, id) => {
      const { page } = reach(call, id ?? '', 'view');
      return ok({
        shares: [...world.shares.values()].filter((share) => share.page === page.id).map(shareJson),
      });
    },
  ],
  [
    'POST pages/:id/shares',
    (call, id) => {
      const { page } = reach(call, id ?? '', 'edit');
      const share: Share = {
        id: newId(),
        page: page.id,
        secret: randomBytes(32).toString('base64url'),
        level: call.body.level,
        subtree: call.body.subtree ?? false,
        password: call.body.password ?? null,
        expires: call.body.expires ?? null,
        indexed: call.body.indexed ?? false,
        created: Date.now(),
        by: me(call).id,
      };
      world.shares.set(share.id, share);
      return ok({ ...shareJson(share), link: linkOf(share) }, 201);
    },
  ],
  [
    'PATCH shares/:id',
    (call, id) => {
      const share = world.shares.get(id ?? '');
      if (share === undefined) throw notFound();
      Object.assign(share, call.body);
      return ok(shareJson(share));
    },
  ],
  [
    'DELETE shares/:id',
    (_call, id) => {
      world.shares.delete(id ?? '');
      return done;
    },
  ],
  [
    'POST shares/:id/link',
    (_call, id) => {
      const share = world.shares.get(id ?? '');
      if (share === undefined) throw notFound();
      share.secret = randomBytes(32).toString('base64url');
      return ok({ link: linkOf(share) });
    },
  ],
  [
    'GET shared/:secret',
    (call, secret) => {
      const share = [...world.shares.values()].find((one) => one.secret === secret);
      const page = share && world.pages.get(share.page);
      if (
        share === undefined ||
        page === undefined ||
        page.trashed !== null ||
        (share.expires ?? Number.POSITIVE_INFINITY) < Date.now()
      ) {
        throw new Refusal(410, 'gone', 'This link has ended.');
      }
      if (share.password !== null && call.cookies.get('weft-share') !== share.id)
        return ok({ needsPassword: true });
      const pages = share.subtree
        ? [page, ...below(world, page.id).filter((one) => inShare(share, one))]
        : [page];
      return ok({
        page: { ...pageOf(page, share.level, null), breadcrumb: [], grants: undefined, audience: undefined },
        pages: pages.map(rowOf),
      });
    },
  ],
  [
    'POST shared/:secret/unlock',
    (call, secret) => {
      const share = [...world.shares.values()].find((one) => one.secret === secret);
      if (share === undefined) throw new Refusal(410, 'gone', 'This link has ended.');
      if (share.password !== call.body.password)
        throw new Refusal(401, 'wrong', 'The password is wrong.', 'password');
      call.setCookie(`weft-share=${share.id}; Path=/`);
      return done;
    },
  ],
  [
    'GET notices',
    (call) => {
      me(call);
      return ok({ notices: [], unread: 0 });
    },
  ],
  [
    'GET audit',
    (call) => {
      admin(call);
      if (call.query.get('format') === 'csv') return { status: 200, text: 'id,at,kind\n', type: 'text/csv' };
      const kind = call.query.get('kind');
      const before = Number(call.query.get('before') ?? Number.POSITIVE_INFINITY);
      const limit = Number(call.query.get('limit') ?? 50);
      const all = world.audit.filter(
        (one) => (kind === null || one.kind === kind) && Number(one.id) < before,
      );
      const entries = all.slice(0, limit).map((one) => ({
        ...one,
        by: one.by === null ? null : { id: one.by, name: world.people.get(one.by)?.name ?? '' },
      }));
      return ok({ entries, next: all.length > limit ? (entries.at(-1)?.id ?? null) : null });
    },
  ],
  [
    'GET apps',
    (call) => {
      admin(call);
      return ok({ apps: [...world.apps.values()] });
    },
  ],
  [
    'POST apps',
    (call) => {
      admin(call);
      if (world.apps.has(call.body.app)) throw new Refusal(409, 'conflict', 'This app exists.', 'app');
      const app = { ...call.body, created: Date.now() };
      world.apps.set(app.app, app);
      return ok(app, 201);
    },
  ],
  [
    'PATCH apps/:app',
    (call, id) => {
      const app = world.apps.get(id ?? '');
      if (app === undefined) throw notFound();
      app.name = call.body.name;
      return ok(app);
    },
  ],
  [
    'DELETE apps/:app',
    (call, id) => {
      admin(call);
      world.apps.delete(id ?? '');
      return done;
    },
  ],
  [
    'POST apps/:app/tokens',
    (call) =>
      ok({
        token: `weft_${randomBytes(32).toString('base64url')}`,
        expires: Date.now() + (call.body.seconds ?? 3600) * 1000,
      }),
  ],
  [
    'GET docs',
    (call) => {
      me(call);
      return ok({ documents: [] });
    },
  ],
];

const linkOf = (share: Share): string => `http://localhost/s/${share.secret}`;
const shareJson = ({ page: _page, secret: _secret, password, ...share }: Share) => ({
  ...share,
  hasPassword: password !== null,
  link: null,
});

function answer(call: Call): Answer {
  for (const [pattern, handler] of ROUTES) {
    const [method, path] = pattern.split(' ') as [string, string];
    const parts = path.split('/');
    if (method !== call.method || parts.length !== call.path.length) continue;
    const ids: string[] = [];
    const fits = parts.every((part, index) => {
      const given = call.path[index] ?? '';
      if (!part.startsWith(':')) return part === given;
      ids.push(given);
      return true;
    });
    if (fits) return handler(call, ...ids);
  }
  throw notFound();
}

const cookiesIn = (header: string | undefined): Map<string, string> =>
  new Map((header ?? '').split(/;\s*/).map((pair) => pair.split('=') as [string, string]));

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const raw = Buffer.concat(chunks);
  const contentType = request.headers['content-type'] ?? '';
  const call: Call = {
    method: request.method ?? 'GET',
    path: url.pathname.slice('/api/'.length).split('/').map(decodeURIComponent),
    query: url.searchParams,
    body: contentType.includes('json') && raw.length > 0 ? JSON.parse(raw.toString()) : {},
    raw,
    contentType,
    cookies: cookiesIn(request.headers.cookie),
    share: (request.headers['weft-share'] as string | undefined) ?? null,
    agent: request.headers['user-agent'] ?? '',
    setCookie: (value) => response.appendHeader('set-cookie', value),
  };
  try {
    const { status = 200, body, text, type } = answer(call);
    response.statusCode = status;
    if (text !== undefined) response.setHeader('content-type', type ?? 'text/plain').end(text);
    else if (body === undefined) response.end();
    else response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  } catch (error) {
    const refusal = error instanceof Refusal ? error : new Refusal(500, 'broken', String(error));
    response.statusCode = refusal.status;
    if (refusal.status === 429) response.setHeader('retry-after', '60');
    const { code, message, field } = refusal;
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ error: { code, message, help: '', field } }));
  }
}

function figures(second: number) {
  const wave = (size: number, speed: number): number =>
    Math.round(size + (size / 3) * Math.sin(second / speed));
  return {
    sessions: wave(34, 9),
    rooms: wave(12, 13),
    updates: wave(140, 4),
    commitMs: wave(6, 5),
    memory: 31_000_000 + wave(4_000_000, 20),
    disk: 48_000_000 + second * 900,
    slow: second % 30 < 4 ? 1 : 0,
  };
}

function attach(server: ViteDevServer | PreviewServer): void {
  start(false);
  server.middlewares.use((request, response, next) => {
    if (request.url?.startsWith('/api/')) void serve(request as IncomingMessage, response as ServerResponse);
    else next();
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.httpServer?.on('upgrade', (request: IncomingMessage, socket, head) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const cookie = cookiesIn(request.headers.cookie).get('weft') ?? '';
    const person = world.people.get(world.signIns.get(cookie)?.person ?? '');
    if (url.pathname === '/ws') {
      const share = [...world.shares.values()].find(({ secret }) => secret === url.searchParams.get('share'));
      sockets.handleUpgrade(request, socket, head, (opened) =>
        rooms.join(opened, (document) => {
          const page = world.pages.get(document.slice('page/'.length));
          if (page === undefined) return null;
          let level: Level | null = null;
          if (share !== undefined) level = inShare(share, page) ? share.level : null;
          else if (person !== undefined) level = pageLevel(world, page, person);
          if (level === null) return null;
          return reaches(level, 'edit') && page.trashed === null && !page.archived
            ? 'read-write'
            : 'readonly';
        }),
      );
    } else if (url.pathname === '/api/events' && person !== undefined) {
      sockets.handleUpgrade(request, socket, head, (opened) => {
        listeners.set(opened, person.id);
        opened.on('close', () => listeners.delete(opened));
        opened.send(JSON.stringify({ kind: 'hello' }));
      });
    } else if (url.pathname === '/api/admin/live') {
      sockets.handleUpgrade(request, socket, head, (opened) => {
        let second = 0;
        const tick = (): void => {
          opened.send(JSON.stringify(figures(second)));
          second += 1;
        };
        tick();
        const timer = setInterval(tick, 1_000);
        opened.on('close', () => clearInterval(timer));
      });
    }
  });
}

/**
 * A stand-in for the server, in memory, for working on the client and for looking at every screen: `npm run dev:wiki`.
 * Sign in as ann@example.org (owner), ben@ (admin), wang@, dora@ (members) or eli@ (guest) with the password below.
 */
export function standIn(): Plugin {
  return {
    name: 'weft-stand-in',
    configureServer: attach,
    configurePreviewServer: attach,
  };
}

export { PASSWORD, type Role, SETUP_TOKEN };
