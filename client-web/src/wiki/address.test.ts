import { expect, test } from 'vitest';
import { pagePart, readPagePart, SLUG_CHARACTERS_MAX, slugOf } from './address';

const ID = 'abcdefghijkmnpqrstuvwxyz';

test('a title becomes what can be read in an address, in its own script', () => {
  expect(slugOf('Getting started: the “first” day')).toBe('getting-started-the-first-day');
  expect(slugOf('新员工培训 2026')).toBe('新员工培训-2026');
  expect(slugOf('Don’t panic')).toBe('dont-panic');
  expect(slugOf('Füße & Ωmega')).toBe('füße-ωmega');
  expect(slugOf('Ｆｕｌｌ　width')).toBe('full-width');
  expect(slugOf('🙂 / ?#')).toBe('');
  expect(Array.from(slugOf('训'.repeat(200)))).toHaveLength(SLUG_CHARACTERS_MAX);
  expect(slugOf(`${'a'.repeat(SLUG_CHARACTERS_MAX - 1)} b`)).toBe('a'.repeat(SLUG_CHARACTERS_MAX - 1));
});

test('the id is found again, whatever the title', () => {
  for (const title of ['', 'Plan', '训练 计划', 'a-b-c', '🙂', 'x'.repeat(300)]) {
    expect(readPagePart(pagePart(ID, title)), title).toBe(ID);
  }
});

test('an id with hyphens stands alone', () => {
  const id = 'written-before-there-were-accounts';
  expect(pagePart(id, 'Plan')).toBe(`-${id}`);
  expect(readPagePart(pagePart(id, 'Plan'))).toBe(id);
  expect(readPagePart(`-x-${ID}`)).toBe(`x-${ID}`.length >= 22 ? `-x-${ID}`.slice(1) : null);
});

test('what holds no id is none', () => {
  expect(readPagePart('trash')).toBeNull();
  expect(readPagePart('plan-2026')).toBeNull();
  expect(readPagePart('-')).toBeNull();
});
