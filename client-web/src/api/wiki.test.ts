import { afterEach, expect, test, vi } from 'vitest';
import { readAudit } from './audit';
import { readFigures } from './live';
import { getMe, readMe } from './me';
import { getPage, listPages, movePage, readPage, trashPage } from './pages';
import { ApiError, nameShare, onRefusal } from './request';
import { readServer } from './server';
import { readShared } from './shares';
import { readSpace } from './spaces';

afterEach(() => {
  vi.unstubAllGlobals();
  nameShare(null);
});
const answer = (body: unknown, status = 200, headers = {}): ReturnType<typeof vi.fn> => {
  const text = body === null ? null : JSON.stringify(body);
  const fetch = vi.fn(async () => new Response(text, { status, headers }));
  vi.stubGlobal('fetch', fetch);
  return fetch;
};

test('a refusal says what it is about and when to come back, and is told to whoever listens', async () => {
  answer({ error: { code: 'invalid', message: 'Too short.', help: '', field: 'password' } }, 422);
  const heard: ApiError[] = [];
  const stop = onRefusal((error) => heard.push(error));
  await expect(getMe()).rejects.toMatchObject({
    status: 422,
    code: 'invalid',
    field: 'password',
    words: 'Too short.',
  });
  stop();
  expect(heard).toHaveLength(1);
  answer({ error: { code: 'locked_out' } }, 429, { 'retry-after': '30' });
  await expect(getMe()).rejects.toMatchObject({ code: 'locked_out', retryAfter: 30 });
  expect(heard).toHaveLength(1);
});

test('a person is read with care', () => {
  expect(readMe({ id: 'u', name: 'Ann', role: 'wizard', theme: 'neon', totp: 'yes' })).toMatchObject({
    role: 'guest',
    theme: 'auto',
    digest: 'daily',
    totp: false,
    hasPassword: true,
    picture: null,
  });
  expect(readMe({ name: 'nobody' })).toBeNull();
});

test('a page without the half of what it should have is still a page', () => {
  const page = readPage({
    id: 'p',
    space: 's',
    title: ' Plan ',
    grants: [{ who: {} }, { who: { group: 'g' } }],
  });
  expect(page).toMatchObject({
    title: 'Plan',
    parent: null,
    level: 'view',
    breadcrumb: [],
    trashed: null,
    audience: null,
    grants: [{ who: { group: 'g' }, level: 'view' }],
  });
  expect(readPage({ id: 'p' })).toBeNull();
});

test('lists leave out what is no page, and ask by encoded id', async () => {
  const fetch = answer({ pages: [{ id: 'a', space: 's' }, null, 4] });
  expect(await listPages('x/y')).toHaveLength(1);
  expect(fetch.mock.calls[0]?.[0]).toBe('/api/spaces/x%2Fy/pages');
});

test('an answer without a page is an error, one without a body is none', async () => {
  answer({});
  await expect(getPage('p')).rejects.toBeInstanceOf(ApiError);
  answer(null, 204);
  await expect(trashPage('p')).resolves.toBeUndefined();
});

test('a move says only where to', async () => {
  const fetch = answer({ id: 'p', space: 's' });
  await movePage('p', { space: 's', parent: null, after: null });
  expect(fetch.mock.calls[0]?.[1]).toMatchObject({
    method: 'POST',
    body: '{"space":"s","parent":null,"after":null}',
  });
});

test('every request on a shared page carries its link', async () => {
  const fetch = answer({ needsPassword: true });
  nameShare('secret');
  expect(await readShared('secret')).toEqual({ page: null, pages: [], needsPassword: true });
  const [, sent] = fetch.mock.calls[0] as unknown as [string, { headers: Headers }];
  expect(sent.headers.get('weft-share')).toBe('secret');
});

test('a server that says little is set up and takes passwords', () => {
  expect(readServer({})).toMatchObject({
    setUp: true,
    signIn: { password: true, passkeys: false, totp: false, providers: [] },
  });
  expect(readServer({ setUp: false }).setUp).toBe(false);
});

test('a private space is one that members have no level in', () => {
  expect(readSpace({ id: 's', slug: 'x', members: 'edit' })?.members).toBe('edit');
  expect(readSpace({ id: 's', slug: 'x', members: 'all' })?.members).toBeNull();
  expect(readSpace({ id: 's' })).toBeNull();
});

test('the audit shows things as lines, whatever they are', async () => {
  answer({
    entries: [
      {
        id: 7,
        at: 1,
        by: { id: 'u', name: 'Ann' },
        kind: 'page.trashed',
        object: { name: 'Plan' },
        detail: {},
      },
    ],
    next: 6,
  });
  expect(await readAudit({})).toEqual({
    entries: [
      {
        id: '7',
        at: 1,
        by: { id: 'u', name: 'Ann' },
        kind: 'page.trashed',
        object: 'Plan',
        detail: null,
        address: null,
      },
    ],
    next: '6',
  });
});

test('figures are numbers by name, one level deep', () => {
  expect(readFigures({ rooms: 3, memory: { resident: 5, note: 'x' }, up: Number.NaN })).toEqual({
    rooms: 3,
    'memory.resident': 5,
  });
});
