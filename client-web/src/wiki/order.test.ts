import { expect, test } from 'vitest';
import { between } from './order';

test('a key lies between its neighbours, however close they are', () => {
  const pairs: [string | null, string | null][] = [
    [null, null],
    [null, 'a'],
    ['a', null],
    ['a', 'b'],
    ['a', 'a0'],
    ['a', 'aa'],
    ['az', 'b'],
    ['a0V', 'a1'],
    ['~', null],
    ['~~', null],
    [null, '!'],
  ];
  for (const [left, right] of pairs) {
    const key = between(left, right);
    if (left !== null) expect(key > left, `${key} after ${left}`).toBe(true);
    if (right !== null) expect(key < right, `${key} before ${right}`).toBe(true);
  }
});

test('one can go on inserting at the same place', () => {
  let left = 'a0';
  const right = 'a1';
  for (let turn = 0; turn < 200; turn += 1) {
    const key = between(left, right);
    expect(key > left && key < right).toBe(true);
    left = key;
  }
  let last = right;
  for (let turn = 0; turn < 200; turn += 1) {
    const key = between('a0', last);
    expect(key > 'a0' && key < last).toBe(true);
    last = key;
  }
});

test('where no key fits, the left neighbour’s will do', () => {
  expect(between('b', 'a')).toBe('b');
  expect(between('a', 'a')).toBe('a');
  expect(between('a', 'a ')).toBe('a');
});
