import { expect, test } from 'vitest';
import type { Bucket, Density, EditSession, Version } from '../../api/history';
import {
  apart,
  bars,
  bucketAt,
  comparable,
  guess,
  HANDLE_PX,
  isAuthorKept,
  jump,
  leadOf,
  placeOf,
  playRate,
  sessionAt,
  stops,
} from './track';

const at = (seq: number, time = seq * 100) => ({ seq, time });
const bucket = (from: number, to: number, by: Record<string, number>): Bucket => ({
  from: at(from),
  to: at(to),
  changes: Object.fromEntries(
    Object.entries(by).map(([key, added]) => [key, { records: 1, added, removed: 0 }]),
  ),
});
const density = (...buckets: Bucket[]): Density => ({ from: at(1), to: at(30), authors: [], buckets });
const session = (from: number, to: number): EditSession => ({
  from: at(from),
  to: at(to),
  authors: [],
  kind: 'edit',
  added: 0,
  removed: 0,
  records: 1,
  restored: null,
  erased: null,
});
const named = (seq: number, kind: Version['kind'] = 'named'): Version => ({
  id: String(seq),
  name: 'x',
  kind,
  seq,
  time: 0,
  by: null,
});

test('the bucket of a change is found, also where buckets have gaps', () => {
  const buckets = [bucket(1, 10, {}), bucket(11, 20, {}), bucket(25, 30, {})];
  expect(bucketAt(buckets, 1)).toBe(buckets[0]);
  expect(bucketAt(buckets, 20)).toBe(buckets[1]);
  expect(bucketAt(buckets, 22)).toBe(buckets[1]);
  expect(bucketAt(buckets, 30)).toBe(buckets[2]);
  expect(bucketAt(buckets, 0)).toBe(buckets[0]);
  expect(bucketAt([], 5)).toBeUndefined();
});

test('time and author are guessed between the ends of a bucket', () => {
  const known = density(bucket(1, 11, { ann: 2, ben: 9 }), bucket(12, 30, { ann: 1 }));
  expect(guess(known, 6)).toEqual({ time: 600, by: 'ann' });
  expect(guess(known, 30)).toEqual({ time: 3000, by: 'ann' });
  expect(guess(undefined, 6)).toBeNull();
  expect(leadOf(bucket(1, 2, {}))).toBeNull();
});

test('bars stack to their bucket, the largest fills the track, the smallest can be seen', () => {
  const drawn = bars(density(bucket(1, 10, { ann: 300, ben: 99 }), bucket(11, 30, { ben: 0 })), 1, 30);
  expect(drawn.map(({ by }) => by)).toEqual(['ann', 'ben', 'ben']);
  expect((drawn[0]?.height ?? 0) + (drawn[1]?.height ?? 0)).toBeCloseTo(1);
  expect(drawn[1]?.y).toBeCloseTo(drawn[0]?.height ?? 0);
  expect(drawn[2]?.height).toBeGreaterThan(0.09);
  for (const bar of drawn) {
    expect(bar.x).toBeGreaterThanOrEqual(0);
    expect(bar.x + bar.width).toBeLessThanOrEqual(1);
    expect(bar.width).toBeGreaterThan(0);
  }
});

test('jumps go from session to session and to named moments, and stay on the track', () => {
  const all = stops([session(11, 30), session(1, 10)], [named(5), named(7, 'automatic')], {
    first: 1,
    head: 30,
  });
  expect(all).toEqual([1, 5, 10, 30]);
  expect(jump(all, 6, 1)).toBe(10);
  expect(jump(all, 10, 1)).toBe(30);
  expect(jump(all, 30, 1)).toBe(30);
  expect(jump(all, 10, -1)).toBe(5);
  expect(jump(all, 1, -1)).toBe(1);
});

test('places and sessions of a change', () => {
  expect(placeOf(1, 1, 1)).toBe(1);
  expect(placeOf(16, 1, 31)).toBe(0.5);
  expect(placeOf(99, 1, 31)).toBe(1);
  expect(sessionAt([session(11, 30), session(1, 10)], 10)?.from.seq).toBe(1);
  expect(sessionAt([], 10)).toBeUndefined();
});

test('a short history is played slowly enough to be read, a long one in a minute', () => {
  expect(playRate(at(1), at(20))).toBe(4);
  expect(playRate(at(1), at(60_001))).toBe(1_000);
});

test('nothing is compared with what is not kept, and nobody is told to have written it', () => {
  expect(comparable(3, 9, 1)).toBe(3);
  expect(comparable(12, 9, 1)).toBe(8);
  expect(comparable(0, 1, 1)).toBe(0);
  expect(comparable(3, 90, 70)).toBe(70);
  expect(comparable(3, 70, 70)).toBe(70);
  expect(comparable(3, 20, 70)).toBe(20);
  expect([1, 2].map((seq) => isAuthorKept(seq, 1))).toEqual([true, true]);
  expect([20, 70, 71].map((seq) => isAuthorKept(seq, 70))).toEqual([false, false, true]);
});

test.each([
  ['far apart', 0.2, 0.8, 400],
  ['neighbours', 0.5, 0.505, 400],
  ['both at the start', 0, 0.001, 400],
  ['both at the end', 0.999, 1, 400],
  ['on a phone', 0.98, 1, 288],
])('two handles never cover each other: %s', (_, from, to, width) => {
  const [left, right] = apart(from, to, width);
  const [a, b] = [from * width + left, to * width + right];
  expect(b - a).toBeGreaterThanOrEqual(HANDLE_PX - 1e-9);
  expect(a).toBeGreaterThanOrEqual(-4);
  expect(b).toBeLessThanOrEqual(width + 4);
  if ((to - from) * width >= HANDLE_PX) expect([left, right]).toEqual([0, 0]);
});
