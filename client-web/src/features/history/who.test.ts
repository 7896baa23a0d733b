import { expect, test } from 'vitest';
import { PALETTE } from '../../sync';
import { nameless, Who } from './who';

const author = (name: string) => ({ key: `name:${name}`, name, user: null });

test('people keep their colour, nobody shares one while there are enough, and a caret’s colour comes first', () => {
  const who = new Who();
  who.wears('Ann', '#123456');
  who.learn([author('Ann')]);
  expect(who.colorOf('name:Ann')).toBe('#123456');
  const others = Array.from({ length: PALETTE.length }, (_, index) => who.colorOf(`session:${index}`));
  expect(new Set(others).size).toBe(PALETTE.length);
  expect(who.colorOf('session:3')).toBe(others[3]);
  expect(PALETTE).toContain(who.colorOf('session:more'));
});

test('a name is known from the author, from the key, or not at all', () => {
  const who = new Who();
  who.learn([{ key: 'user:7', name: 'Cleo', user: '7' }]);
  expect(who.nameOf('user:7')).toBe('Cleo');
  expect(who.nameOf('name:Dan')).toBe('Dan');
  expect(who.nameOf('session:ab')).toBeNull();
  expect(who.nameOf(null)).toBeNull();
  expect(['session:ab', 'earlier', 'operator'].map(nameless)).toEqual([
    'history.someone',
    'history.someoneEarlier',
    'history.operator',
  ]);
});

test('only news are news', () => {
  const who = new Who();
  expect(who.learn([{ key: 'user:7', name: null, user: '7' }])).toBe(true);
  expect(who.learn([{ key: 'user:7', name: null, user: '7' }])).toBe(false);
  expect(who.learn([{ key: 'user:7', name: 'Cleo', user: '7' }])).toBe(true);
});
