import { afterEach, expect, test, vi } from 'vitest';
import {
  copyAsNew,
  nameVersion,
  readBlame,
  readDensity,
  readDifference,
  readMoment,
  readTimeline,
  readVersions,
  restore,
  unnameVersion,
} from './history';

afterEach(() => vi.unstubAllGlobals());
const answer = (body: unknown, status = 200): ReturnType<typeof vi.fn> => {
  const text = body === null ? null : typeof body === 'string' ? body : JSON.stringify(body);
  const fetch = vi.fn(async () => new Response(text, { status }));
  vi.stubGlobal('fetch', fetch);
  return fetch;
};
const asked = (fetch: ReturnType<typeof vi.fn>): [string, RequestInit] =>
  fetch.mock.calls[0] as unknown as [string, RequestInit];

const ann = { key: 'name:Ann', name: 'Ann', user: null };
const at = (seq: number, time = seq * 1_000) => ({ seq, time });

test('the timeline is read page by page; a kind nobody knows counts as editing', async () => {
  const session = {
    from: at(3),
    to: at(9),
    authors: ['name:Ann'],
    kind: 'edit',
    added: 5,
    removed: 1,
    records: 7,
  };
  const restored = { ...session, kind: 'restore', restored: { to: 4, whole: true } };
  const erased = { ...session, kind: 'erase', erased: { characters: 8, others: 0, reason: 'a password' } };
  const fetch = answer({
    first: at(1),
    head: at(9),
    authors: [ann, { nope: 1 }],
    sessions: [
      session,
      restored,
      { ...session, kind: 'dreamt' },
      { ...session, kind: 'earlier', authors: [] },
      erased,
    ],
    next: 3,
  });
  const page = await readTimeline('page/x y', { before: 10, limit: 50 });
  expect(asked(fetch)[0]).toBe('/api/docs/page%2Fx%20y/history?before=10&limit=50');
  expect(page).toMatchObject({ first: at(1), head: at(9), authors: [ann], next: 3 });
  expect(page.sessions.map(({ kind, restored: what }) => [kind, what])).toEqual([
    ['edit', null],
    ['restore', { to: 4, whole: true }],
    ['edit', null],
    ['earlier', null],
    ['erase', null],
  ]);
  expect(page.sessions.at(-1)?.erased).toEqual({ characters: 8, reason: 'a password' });
});

test('the density is asked for by place in the log and read bucket by bucket', async () => {
  const fetch = answer({
    by: 'seq',
    from: at(1),
    to: at(8),
    authors: [ann],
    buckets: [{ from: at(1), to: at(8), changes: { 'name:Ann': { records: 8, added: 9, removed: 'many' } } }],
  });
  const density = await readDensity('p', 300);
  expect(asked(fetch)[0]).toBe('/api/docs/p/history/density?buckets=300&by=seq');
  expect(density.buckets[0]?.changes).toEqual({ 'name:Ann': { records: 8, added: 9, removed: 0 } });
});

test('a moment names its author by themselves or by their key alone', async () => {
  answer({ seq: 4, time: 9, author: ann, tree: { roots: { default: { type: 'fragment', children: [] } } } });
  expect(await readMoment('p', 4)).toEqual({
    seq: 4,
    time: 9,
    author: ann,
    roots: { default: { type: 'fragment', children: [] } },
  });
  answer({ seq: 4, time: 9, author: 'name:Ben', tree: null });
  expect(await readMoment('p', 4)).toMatchObject({ author: { key: 'name:Ben', name: null }, roots: {} });
});

test('a difference carries its summary and both moments', async () => {
  const summary = { added: 120, removed: 34, blocks: { added: 1, removed: 0, changed: 2, moved: 0 } };
  const fetch = answer({ from: at(2), to: at(7), authors: [ann], summary, roots: {} });
  expect(await readDifference('p', 2, 7)).toEqual({
    from: at(2),
    to: at(7),
    authors: [ann],
    summary,
    roots: {},
  });
  expect(asked(fetch)[0]).toBe('/api/docs/p/diff?from=2&to=7');
});

test('stretches are asked about so that their plus survives the way', async () => {
  const deleted = { by: 'name:Ben', at: 3, seq: 8 };
  const fetch = answer({
    authors: [ann],
    runs: [{ id: '7:0', len: 3, text: 'abc', by: 'name:Ann', at: 1, seq: 2, deleted }],
  });
  const { runs } = await readBlame('p', ['7:0+3', '8:4+1']);
  const { searchParams } = new URL(asked(fetch)[0], 'http://weft');
  expect(searchParams.get('ids')).toBe('7:0+3,8:4+1');
  expect(runs).toEqual([{ id: '7:0', len: 3, text: 'abc', by: 'name:Ann', at: 1, seq: 2, deleted }]);
});

test('versions are read, named and unnamed', async () => {
  const version = { id: 'v1', name: 'Draft', kind: 'named', seq: 3, time: 4, by: ann };
  answer({
    versions: [version, { id: 'auto-9', name: null, kind: 'automatic', seq: 9, time: 9, by: null }, {}],
  });
  expect((await readVersions('p')).map(({ id, kind }) => [id, kind])).toEqual([
    ['v1', 'named'],
    ['auto-9', 'automatic'],
  ]);
  const made = answer(version, 201);
  expect(await nameVersion('p', { name: 'Draft', seq: 3, by: 'Ann' })).toEqual(version);
  expect(asked(made)[1]).toMatchObject({ method: 'POST', body: '{"name":"Draft","seq":3,"by":"Ann"}' });
  const gone = answer(null, 204);
  await unnameVersion('p', 'v/1');
  expect(asked(gone)).toMatchObject(['/api/docs/p/versions/v%2F1', { method: 'DELETE' }]);
});

test('what is to be restored travels as it was wished', async () => {
  const fetch = answer({ seq: 12, changed: true, added: 4, removed: 0 });
  expect(await restore('p', { to: 3, blocks: ['1:2'] }, 'Ann')).toEqual({
    seq: 12,
    changed: true,
    added: 4,
    removed: 0,
  });
  expect(asked(fetch)).toMatchObject([
    '/api/docs/p/restore',
    { body: '{"to":3,"blocks":["1:2"],"by":"Ann"}' },
  ]);
});

test('a copy answers with its name, and not to know it is an error', async () => {
  answer({ name: 'page/new', seq: 1 }, 201);
  expect(await copyAsNew('p', 4, 'Ann')).toBe('page/new');
  answer({}, 201);
  await expect(copyAsNew('p', 4, 'Ann')).rejects.toMatchObject({ name: 'ApiError' });
});

test('a refusal carries the server’s word for it; nonsense is an error too', async () => {
  answer({ error: { code: 'gone', message: 'kept from 40 on', help: '' } }, 404);
  await expect(readMoment('p', 1)).rejects.toMatchObject({ status: 404, code: 'gone' });
  answer('<html>');
  await expect(readMoment('p', 1)).rejects.toMatchObject({ name: 'ApiError', status: 200 });
});
