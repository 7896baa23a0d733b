import { QueryClient } from '@tanstack/react-query';
import { afterEach, expect, test, vi } from 'vitest';
import { isFresh, isMade } from '../sync/fresh';
import { documentOf } from '../sync/pageId';
import { resumePages } from './making';
import { noteWish, WISHES_MAX, wishes } from './wishes';

afterEach(() => {
  vi.unstubAllGlobals();
  localStorage.clear();
});

const page = { id: 'p1', space: 's1', level: 'edit', title: 'Begun' };

/** Answers each request with the next of `answers`; null is no network. */
function server(...answers: ([status: number, body: object] | null)[]): string[] {
  const asked: string[] = [];
  vi.stubGlobal(
    'fetch',
    vi.fn(async (path: string, { method = 'GET' }: RequestInit) => {
      asked.push(`${method} ${path}`);
      const answer = answers.shift() ?? null;
      if (answer === null) throw new TypeError('Failed to fetch');
      return new Response(JSON.stringify(answer[1]), { status: answer[0] });
    }),
  );
  return asked;
}

test('a page begun on an earlier visit is made on this one, through a proxy that has no server yet', async () => {
  noteWish({ id: 'p1', space: 's1', parent: 'p0' });
  const asked = server([502, {}], [201, page]);
  resumePages(new QueryClient(), () => expect.unreachable());
  expect(isFresh(documentOf('p1')), 'its text is still to be read').toBe(false);
  expect(await isMade(documentOf('p1'))).toBe(true);
  expect(asked).toEqual(['POST /api/pages', 'POST /api/pages']);
  expect(wishes()).toEqual([]);
});

test('one that was made already, the answer being lost, is taken as it is', async () => {
  noteWish({ id: 'p1', space: 's1' });
  server([409, { error: { code: 'conflict' } }], [200, page]);
  resumePages(new QueryClient(), () => expect.unreachable());
  expect(await isMade(documentOf('p1'))).toBe(true);
});

test('one that the server will not have is told of once, and not tried again', async () => {
  noteWish({ id: 'p1', space: 's1' });
  server([403, { error: { code: 'forbidden' } }]);
  const refused = vi.fn();
  resumePages(new QueryClient(), refused);
  expect(await isMade(documentOf('p1'))).toBe(false);
  expect(refused).toHaveBeenCalledOnce();
  expect(wishes()).toEqual([]);
});

test('who signs out takes their wishes along', async () => {
  noteWish({ id: 'p1', space: 's1' });
  const asked = server(null, [201, page]);
  const refused = vi.fn();
  resumePages(new QueryClient(), refused);
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  localStorage.clear();
  expect(await isMade(documentOf('p1'))).toBe(false);
  expect(asked).toHaveLength(1);
});

test('what is remembered is read with care, and has a limit', () => {
  localStorage.setItem('weft.begun', '[{"id":1},null,{"id":"a","space":"s","parent":7}]');
  expect(wishes()).toEqual([{ id: 'a', space: 's' }]);
  for (let number = 0; number <= WISHES_MAX; number += 1) noteWish({ id: `p${number}`, space: 's' });
  expect(wishes()).toHaveLength(WISHES_MAX);
  expect(wishes().at(-1)?.id).toBe(`p${WISHES_MAX}`);
});
