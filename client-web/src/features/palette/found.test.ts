import { expect, test } from 'vitest';
import { type Row, readRow } from '../../api/pages';
import { holds } from './commands';
import { FOUND_MAX, foundPages } from './found';

const row = (title: string, updated = 0): Row => readRow({ id: title, space: 's', title, updated }) as Row;
const titles = (rows: Row[]): string[] => rows.map(({ title }) => title);

test('pages are found by any part of their title, Chinese ones too, the best first', () => {
  const known = [row('本周训练计划'), row('计划'), row('计划表'), row('Roadmap')];
  expect(titles(foundPages(known, [], '计划'))).toEqual(['计划', '计划表', '本周训练计划']);
  expect(titles(foundPages(known, [], 'road'))).toEqual(['Roadmap']);
});

test('all words must be there, in any order', () => {
  expect(holds('Notes of the meeting', 'meeting notes')).toBe(true);
  expect(holds('Notes of the meeting', 'meeting minutes')).toBe(false);
});

test('what the server adds comes behind, each page once, and not too many', () => {
  const known = [row('Plan A'), row('Plan B')];
  expect(titles(foundPages(known, [row('Plan B'), row('Plan C')], 'plan'))).toEqual([
    'Plan A',
    'Plan B',
    'Plan C',
  ]);
  const many = Array.from({ length: 40 }, (_, index) => row(`Plan ${index}`));
  expect(foundPages(many, many, 'plan')).toHaveLength(FOUND_MAX);
});
