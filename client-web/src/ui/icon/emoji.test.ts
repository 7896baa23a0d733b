import { expect, test } from 'vitest';
import { EMOJI, findEmoji, firstSign } from './emoji';

const all = EMOJI.flatMap(([, signs]) => signs);

test('every sign is one sign, there once, and found by words of both languages', () => {
  const seen = new Set(all.map(({ sign }) => sign));
  expect(seen.size).toBe(all.length);
  for (const { sign, words } of all) {
    expect(firstSign(sign), words).toBe(sign);
    expect(words, sign).toMatch(/[a-z]/);
    expect(words, sign).toMatch(/\p{Script=Han}/u);
  }
});

test('signs are found by the beginning of a word, or by any Chinese part', () => {
  const signs = (query: string): string[] => findEmoji(query).map(({ sign }) => sign);
  expect(signs('roc')).toEqual(['🚀']);
  expect(signs('ocket')).toEqual([]);
  expect(signs('培训')).toEqual(['🎓']);
  expect(signs('blue sq')).toEqual(['🟦']);
});

test('a sign that somebody pastes is taken, letters are not', () => {
  expect(firstSign('👩‍👩‍👧 us')).toBe('👩‍👩‍👧');
  expect(firstSign('🇳🇿')).toBe('🇳🇿');
  expect(firstSign('abc')).toBeNull();
  expect(firstSign('')).toBeNull();
});
