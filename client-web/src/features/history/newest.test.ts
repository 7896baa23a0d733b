import { expect, test } from 'vitest';
import { Newest } from './newest';

interface Asked {
  wish: number;
  signal: AbortSignal;
  answer: (text: string) => void;
  fail: (error: Error) => void;
}

function world() {
  const asked: Asked[] = [];
  const told: string[] = [];
  const newest = new Newest<number, string>(
    (wish, signal) =>
      new Promise((resolve, reject) => {
        asked.push({ wish, signal, answer: resolve, fail: reject });
        signal.addEventListener('abort', () => reject(new DOMException('gone', 'AbortError')));
      }),
    {
      answer: (wish, answer) => told.push(`${wish} ${answer}`),
      error: (wish, error) => told.push(`${wish} ${(error as Error).message}`),
    },
  );
  const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
  return { asked, told, newest, settle };
}

test('of a hundred wishes during one answer only the last is asked', async () => {
  const { asked, told, newest, settle } = world();
  for (let wish = 0; wish <= 100; wish += 1) newest.want(wish);
  expect(asked.map(({ wish }) => wish)).toEqual([0]);
  asked[0]?.answer('zero');
  await settle();
  expect(asked.map(({ wish }) => wish)).toEqual([0, 100]);
  asked[1]?.answer('hundred');
  await settle();
  expect(told).toEqual(['0 zero', '100 hundred']);
});

test('an urgent wish gives up on the one before and is asked at once', async () => {
  const { asked, told, newest, settle } = world();
  newest.want(1);
  newest.want(2);
  newest.want(3, true);
  expect(asked[0]?.signal.aborted).toBe(true);
  await settle();
  expect(asked.map(({ wish }) => wish)).toEqual([1, 3]);
  asked[1]?.answer('three');
  await settle();
  expect(told).toEqual(['3 three']);
});

test('back to what is on its way: it is neither asked again nor followed by what was wished in between', async () => {
  const { asked, told, newest, settle } = world();
  newest.want(1);
  newest.want(2);
  newest.want(1, true);
  asked[0]?.answer('one');
  await settle();
  expect(asked).toHaveLength(1);
  expect(told).toEqual(['1 one']);
});

test('back to what was just given up on: it is asked anew', async () => {
  const { asked, told, newest, settle } = world();
  newest.want(1);
  newest.want(2, true);
  newest.want(1, true);
  await settle();
  expect(asked.map(({ wish }) => wish)).toEqual([1, 1]);
  asked[1]?.answer('one');
  await settle();
  expect(told).toEqual(['1 one']);
});

test('what was dropped is not told, and the next wish is asked', async () => {
  const { asked, told, newest, settle } = world();
  newest.want(1);
  newest.want(2);
  newest.drop();
  await settle();
  newest.want(3);
  asked[1]?.answer('three');
  await settle();
  expect(asked.map(({ wish }) => wish)).toEqual([1, 3]);
  expect(told).toEqual(['3 three']);
});

test('an error is told, and the next wish is asked all the same', async () => {
  const { asked, told, newest, settle } = world();
  newest.want(1);
  newest.want(2);
  asked[0]?.fail(new Error('broken'));
  await settle();
  asked[1]?.answer('two');
  await settle();
  expect(told).toEqual(['1 broken', '2 two']);
});

test('once closed nothing is asked or told any more', async () => {
  const { asked, told, newest, settle } = world();
  newest.want(1);
  newest.want(2);
  newest.close();
  await settle();
  newest.want(3);
  expect(asked).toHaveLength(1);
  expect(told).toEqual([]);
});
