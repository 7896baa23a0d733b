import { expect, test } from 'vitest';
import { bytes, emptySeries, SECONDS_SHOWN, show, withFigures } from './figures';

test('each moment is a column, and what was not told is a gap', () => {
  let series = withFigures(emptySeries, { rooms: 1 }, 10);
  series = withFigures(series, { rooms: 2, slow: 1 }, 11);
  series = withFigures(series, { slow: 0 }, 12);
  expect(series).toEqual({ times: [10, 11, 12], values: { rooms: [1, 2, null], slow: [null, 1, 0] } });
});

test('only the last while is kept', () => {
  let series = emptySeries;
  for (let second = 0; second <= SECONDS_SHOWN + 5; second += 1)
    series = withFigures(series, { rooms: second }, second);
  expect(series.times).toHaveLength(SECONDS_SHOWN);
  expect(series.values.rooms).toHaveLength(SECONDS_SHOWN);
  expect(series.times.at(-1)).toBe(SECONDS_SHOWN + 5);
});

test('figures are shown in the unit that their name says', () => {
  expect(bytes(0, 'en')).toBe('0 B');
  expect(bytes(1_536, 'en')).toBe('1.5 KiB');
  expect(bytes(31_000_000, 'en')).toBe('29.6 MiB');
  expect(show('memory', 2_048, 'en')).toBe('2 KiB');
  expect(show('commitMs', 6, 'en')).toBe('6 ms');
  expect(show('cpu', 12.4, 'en')).toBe('12 %');
  expect(show('rooms', 1_200, 'en')).toBe('1,200');
});
