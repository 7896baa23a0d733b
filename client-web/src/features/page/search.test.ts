import { expect, test } from 'vitest';
import { readPageSearch } from './search';

test('an address names a moment, and with it perhaps what to compare it with', () => {
  expect(readPageSearch({})).toEqual({});
  expect(readPageSearch({ history: 12 })).toEqual({ history: 12 });
  expect(readPageSearch({ history: 'now', compare: 'session' })).toEqual({
    history: 'now',
    compare: 'session',
  });
  expect(readPageSearch({ history: 12, compare: 3 })).toEqual({ history: 12, compare: 3 });
});

test('what makes no sense is left out', () => {
  expect(readPageSearch({ history: 'then' })).toEqual({});
  expect(readPageSearch({ history: -1 })).toEqual({});
  expect(readPageSearch({ history: 1.5, compare: 3 })).toEqual({});
  expect(readPageSearch({ history: 4, compare: {} })).toEqual({ history: 4 });
  expect(readPageSearch({ compare: 3 })).toEqual({});
});
