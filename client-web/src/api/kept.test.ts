import { afterEach, expect, test, vi } from 'vitest';
import { ANSWERS_MAX, isKept, keep, PATIENCE_MS, recall, takeOwed } from './kept';
import { getPage } from './pages';
import { get } from './read';
import { nameShare } from './request';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
  nameShare(null);
  takeOwed();
});

const answer = (body: unknown, status = 200): void => {
  vi.stubGlobal(
    'fetch',
    vi.fn(async () => new Response(JSON.stringify(body), { status })),
  );
};
const unreachable = (): void => {
  vi.stubGlobal(
    'fetch',
    vi.fn(async () => {
      throw new TypeError('Failed to fetch');
    }),
  );
};

test('only what a known page needs is kept, and nothing that holds a secret', () => {
  for (const path of ['/api/me', '/api/spaces', '/api/spaces/s1/pages', '/api/pages/p1', '/api/home']) {
    expect(isKept(path), path).toBe(true);
  }
  for (const path of [
    '/api/me/tokens',
    '/api/shared/x',
    '/api/people',
    '/api/pages/p1/shares',
    '/api/setup?token=x',
  ]) {
    expect(isKept(path), path).toBe(false);
  }
});

test('without the server the last answer is given, and it is owed to ask again', async () => {
  answer({ id: 'p', title: 'Kept' });
  await get('/api/pages/kept');
  await vi.waitFor(async () => expect(await recall('/api/pages/kept')).toEqual({ id: 'p', title: 'Kept' }));
  expect(takeOwed()).toBe(0);
  unreachable();
  expect(await get('/api/pages/kept')).toEqual({ id: 'p', title: 'Kept' });
  expect(takeOwed()).toBe(1);
  expect(takeOwed()).toBe(0);
  answer({ error: 'bad gateway' }, 502);
  expect(await get('/api/pages/kept')).toEqual({ id: 'p', title: 'Kept' });
  unreachable();
  await expect(getPage('unknown')).rejects.toMatchObject({ status: null });
});

test('what the server refuses is not answered from memory, and is forgotten when it is gone', async () => {
  answer({ id: 'p' });
  await get('/api/pages/gone');
  await vi.waitFor(async () => expect(await recall('/api/pages/gone')).toBeDefined());
  answer({ error: { code: 'sign_in' } }, 401);
  await expect(get('/api/pages/gone')).rejects.toMatchObject({ code: 'sign_in' });
  expect(await recall('/api/pages/gone')).toBeDefined();
  answer({ error: { code: 'not_found' } }, 404);
  await expect(get('/api/pages/gone')).rejects.toMatchObject({ status: 404 });
  await vi.waitFor(async () => expect(await recall('/api/pages/gone')).toBeUndefined());
  unreachable();
  await expect(get('/api/pages/gone')).rejects.toMatchObject({ status: null });
});

test('a server that never answers counts as away where there is something to show', async () => {
  await keep('/api/home', { viewed: [] });
  vi.stubGlobal(
    'fetch',
    vi.fn(() => new Promise(() => undefined)),
  );
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const given = get('/api/home');
  await vi.advanceTimersByTimeAsync(PATIENCE_MS);
  vi.useRealTimers();
  expect(await given).toEqual({ viewed: [] });
});

test('what is reached by a public link is not kept', async () => {
  nameShare('secret');
  answer({ id: 'p' });
  await get('/api/pages/by-link');
  nameShare(null);
  expect(await recall('/api/pages/by-link')).toBeUndefined();
});

test('of too many answers the oldest go', async () => {
  for (let number = 0; number <= ANSWERS_MAX; number += 1) await keep(`/api/pages/n${number}`, {}, number);
  expect(await recall('/api/pages/n0')).toBeUndefined();
  expect(await recall(`/api/pages/n${ANSWERS_MAX}`)).toEqual({});
});
