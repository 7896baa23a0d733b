import { QueryClient } from '@tanstack/react-query';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HistoryModel, MOMENTS_MAX, PAUSE_MS } from './model';

let asked: string[];
let answers: ((status?: number) => void)[];
let model: HistoryModel;

const answerTo = (path: string): object => {
  const url = new URL(path, 'http://weft');
  if (url.pathname.endsWith('/diff')) {
    const [from, to] = ['from', 'to'].map((key) => ({ seq: Number(url.searchParams.get(key)), time: 5 }));
    return { from, to, authors: [{ key: 'name:Ann', name: 'Ann' }], summary: { added: 3 }, roots: {} };
  }
  if (url.pathname.endsWith('/history')) {
    return { sessions: [{ from: { seq: 11, time: 1 }, to: { seq: 30, time: 2 }, kind: 'edit' }] };
  }
  const seq = Number(url.pathname.split('/').at(-1));
  return { seq, time: seq * 10, author: { key: 'name:Ann' }, tree: { roots: {} } };
};

/** Lets the server answer everything that it was asked so far, and what follows from it. */
async function settle(): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    for (const answer of answers.splice(0)) answer();
    await vi.advanceTimersByTimeAsync(0);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  answers = [];
  vi.stubGlobal('requestIdleCallback', undefined);
  vi.stubGlobal(
    'fetch',
    (path: string, { signal }: { signal: AbortSignal | null }) =>
      new Promise((resolve, reject) => {
        asked.push(path.replace('/api/docs/p', ''));
        answers.push((status = 200) => resolve(new Response(JSON.stringify(answerTo(path)), { status })));
        signal?.addEventListener('abort', () => reject(new DOMException('gone', 'AbortError')));
      }),
  );
  model = new HistoryModel('p', new QueryClient(), () => undefined);
});
afterEach(() => {
  model.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('while a handle is dragged the place follows, one answer is awaited, and nothing is drawn', async () => {
  for (let at = 1; at <= 60; at += 1) model.go({ at, against: null }, 'drag');
  expect(model.getView().place?.at).toBe(60);
  expect(asked).toEqual(['/at/1']);
  await settle();
  expect(asked).toEqual(['/at/1', '/at/60']);
  expect(model.getView().shown).toBeNull();
});

test('a drag that rests draws the newest answer, and release draws what was let go of', async () => {
  model.go({ at: 5, against: null }, 'drag');
  await settle();
  await vi.advanceTimersByTimeAsync(PAUSE_MS);
  expect(model.getView().shown?.at).toBe(5);
  model.go({ at: 9, against: null }, 'drag');
  expect(model.getView()).toMatchObject({ pending: true, shown: { at: 5 } });
  model.go({ at: 9, against: null }, 'still');
  await settle();
  expect(model.getView()).toMatchObject({ pending: false, shown: { at: 9, time: 90, by: 'name:Ann' } });
  expect(asked).toEqual(['/at/5', '/at/9']);
});

test('an answer that comes while the handle rests is drawn at once', async () => {
  model.go({ at: 5, against: null }, 'drag');
  await vi.advanceTimersByTimeAsync(PAUSE_MS);
  expect(model.getView().shown).toBeNull();
  await settle();
  expect(model.getView().shown?.at).toBe(5);
});

test('a handle let go of where it was taken shows that moment, whatever is still on its way', async () => {
  model.go({ at: 5, against: null }, 'still');
  await settle();
  model.go({ at: 9, against: null }, 'drag');
  model.go({ at: 5, against: null }, 'drag');
  model.go({ at: 5, against: null }, 'still');
  await settle();
  await vi.advanceTimersByTimeAsync(PAUSE_MS);
  expect(model.getView()).toMatchObject({ pending: false, shown: { at: 5 } });
});

test('a moment seen before is not asked for again, and only so many are kept', async () => {
  for (const at of [1, 2, 1]) {
    model.go({ at, against: null }, 'still');
    await settle();
  }
  expect(model.getView().shown?.at).toBe(1);
  expect(asked).toEqual(['/at/1', '/at/2']);
  for (let at = 3; at <= MOMENTS_MAX + 2; at += 1) {
    model.go({ at, against: null }, 'still');
    await settle();
  }
  model.go({ at: 2, against: null }, 'still');
  await settle();
  expect(asked.filter((path) => path === '/at/2')).toHaveLength(2);
});

test('changes are shown against the moment before their session, known or asked for', async () => {
  model.go({ at: 20, against: 'session' }, 'still');
  await settle();
  expect(asked).toEqual(['/history?before=21&limit=1', '/diff?from=10&to=20']);
  expect(model.getView().shown).toMatchObject({ at: 20, from: 10, summary: { added: 3 } });
  const at = (seq: number) => ({ seq, time: 0 });
  const more = {
    authors: [],
    kind: 'edit' as const,
    added: 0,
    removed: 0,
    records: 1,
    restored: null,
    erased: null,
  };
  model.know([{ from: at(31), to: at(40), ...more }]);
  model.go({ at: 33, against: 'session' }, 'still');
  await settle();
  expect(asked.slice(2)).toEqual(['/diff?from=30&to=33']);
  // What came before the oldest moment that is kept, nobody can tell.
  model.know([{ from: at(30), to: at(30), ...more, kind: 'earlier' }]);
  model.go({ at: 30, against: 'session' }, 'still');
  await settle();
  expect(asked.slice(3)).toEqual(['/diff?from=30&to=30']);
});

test('an error is told once the answer is in, what is drawn stays, and a retry mends it', async () => {
  model.go({ at: 1, against: null }, 'still');
  await settle();
  model.go({ at: 2, against: null }, 'still');
  answers.splice(0)[0]?.(503);
  await settle();
  expect(model.getView()).toMatchObject({ error: { status: 503 }, shown: { at: 1 }, pending: false });
  model.retry();
  await settle();
  expect(model.getView()).toMatchObject({ error: null, shown: { at: 2 } });
});
