import { expect, test } from 'vitest';
import { changeKind, changeStops } from './changes';

test('stops are the changes in the order of the page; a block that only holds some is none', () => {
  const page = document.createElement('main');
  page.innerHTML = `
    <h1><ins data-change="added">title</ins></h1>
    <p data-change="changed"><ins data-change="added">a</ins> b <del data-change="removed">c</del></p>
    <h2 data-change="changed">another level</h2>
    <ul data-change="added"><li>d</li></ul>
    <p>untouched</p>`;
  expect(changeStops(page).map((stop) => stop.textContent)).toEqual([
    'title',
    'a',
    'c',
    'another level',
    'd',
  ]);
});

test('a change of a kind nobody knows yet is a change', () => {
  expect(changeKind('moved')).toBe('moved');
  expect(changeKind('woven')).toBe('changed');
  expect(changeKind(undefined)).toBe('changed');
});
