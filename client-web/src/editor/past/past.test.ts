import { beforeEach, expect, test } from 'vitest';
import { Painter } from './paint';
import type { PastNode, PastText } from './tree';

const change = (kind: string, by = 'name:Ann', seq = 7) => ({ kind, by, at: 1_000, seq });
const text = (delta: PastText[]): PastNode => ({ type: 'text', id: '1:9', delta });
const merged = (parts: PastText[]): PastNode => ({ type: 'text', id: '1:9', parts });
const element = (name: string, children: PastNode[] = [], more: Partial<PastNode> = {}): PastNode => ({
  type: 'element',
  id: `1:${name.length}`,
  name,
  attrs: {},
  children,
  ...more,
});
const paragraph = (words: string, id = '1:1'): PastNode =>
  element('paragraph', [text([{ insert: words }])], { id });

let into: HTMLElement;
let painter: Painter;
beforeEach(() => {
  into = document.createElement('div');
  painter = new Painter(into, { unknown: 'Unknown' });
});

test('elements become what the editor draws for them, each with its place in the document', () => {
  painter.paint([
    element('heading', [text([{ insert: 'Plan' }])], { attrs: { level: 2 } }),
    element('bulletList', [element('listItem', [paragraph('one')])]),
    element('callout', [paragraph('careful')], { attrs: { kind: 'warning' } }),
  ]);
  expect(into.querySelector('h2')?.textContent).toBe('Plan');
  expect(into.querySelector('h2')?.dataset.past).toBe('1:7');
  expect(into.querySelector('ul > li > p')?.textContent).toBe('one');
  expect(into.querySelector<HTMLElement>('aside.callout')?.dataset.callout).toBe('warning');
});

test('formats are drawn, taken-away formats are not, overlapping marks are known by their name', () => {
  painter.paint([
    element('paragraph', [
      text([
        { insert: 'bold', attributes: { bold: {}, italic: null } },
        { insert: ' noted', attributes: { 'comment--abcdefgh': { id: 'c1' } } },
      ]),
    ]),
  ]);
  expect(into.querySelector('strong')?.textContent).toBe('bold');
  expect(into.querySelector('em')).toBeNull();
  expect(into.querySelector('.comment')?.textContent).toBe(' noted');
});

test('nothing unknown is dropped: blocks, pieces of lines, marks, embeds and other types stay in view', () => {
  painter.paint([
    element('hologram', [paragraph('inside')]),
    element('paragraph', [element('sparkle'), text([{ insert: 'shiny', attributes: { glitter: {} } }])]),
    element('paragraph', [text([{ insert: { type: 'drawing' } }])]),
    text([{ insert: 'loose words' }]),
    { type: 'map', id: '3:3' },
  ]);
  expect(into.querySelector('[data-unknown="hologram"]')?.textContent).toBe('inside');
  expect(into.querySelector('p [data-unknown="sparkle"]')?.textContent).toBe('Unknown: sparkle');
  expect(into.querySelector('.unknown-mark')?.textContent).toBe('shiny');
  expect(into.querySelector('[data-unknown="drawing"]')).not.toBeNull();
  expect(into.textContent).toContain('loose words');
  expect(into.querySelector('[data-unknown="map"]')).not.toBeNull();
});

test('a document cannot reach our own names, and a bad address stays out', () => {
  painter.paint([
    element('pastUnknownBlock', [paragraph('forged')]),
    element('paragraph', [
      text([{ insert: 'click', attributes: { link: { href: 'javascript:alert(1)' }, pastAdded: {} } }]),
    ]),
    element('image', [], { attrs: { src: 'javascript:alert(1)', alt: 'x' } }),
  ]);
  expect(into.querySelector('[data-unknown="pastUnknownBlock"]')?.textContent).toBe('forged');
  expect(into.querySelector('a')?.getAttribute('href') ?? '').toBe('');
  expect(into.querySelector('ins')).toBeNull();
  expect(into.querySelector('img')?.getAttribute('src')).toBe('');
});

test('of two moments merged, what came is inserted text, what went is deleted text, with who and when', () => {
  painter.paint([
    element('paragraph', [
      merged([
        { insert: 'kept ' },
        { insert: 'gone', change: change('removed', 'name:Ben', 9) },
        { insert: 'come', attributes: { bold: {} }, change: change('added') },
        { insert: ' slanted', attributes: { italic: {} }, change: change('formatted') },
      ]),
    ]),
  ]);
  const gone = into.querySelector<HTMLElement>('del');
  expect(gone?.textContent).toBe('gone');
  expect(gone?.dataset).toMatchObject({ change: 'removed', by: 'name:Ben', at: '1000', seq: '9' });
  expect(into.querySelector('ins strong')?.textContent).toBe('come');
  expect(into.querySelector('span[data-change="formatted"] em')?.textContent).toBe(' slanted');
  expect(into.querySelector('p')?.dataset.sign).toBe('±');
});

test('a block that is new as a whole says so once, but names whoever else wrote in it', () => {
  painter.paint([
    element(
      'paragraph',
      [
        merged([
          { insert: 'by Ann', change: change('added') },
          { insert: ' and Ben', change: change('added', 'name:Ben') },
        ]),
      ],
      { change: change('added') },
    ),
  ]);
  expect(into.querySelector('p')?.dataset).toMatchObject({ change: 'added', by: 'name:Ann', sign: '+' });
  expect([...into.querySelectorAll('ins')].map((ins) => ins.textContent)).toEqual([' and Ben']);
});

test('an image that came or went has a box around it that can carry the sign', () => {
  painter.paint([
    element('image', [], { attrs: { src: 'https://example.org/a.png' }, change: change('removed') }),
  ]);
  expect(into.querySelector<HTMLElement>('.past-void')?.dataset).toMatchObject({
    change: 'removed',
    sign: '−',
  });
});

test('a block that stays as it is keeps its element, wherever it moves', () => {
  painter.paint([paragraph('a', '1:1'), paragraph('b', '1:2'), paragraph('b', '1:2')]);
  const before = [...into.children];
  painter.paint([paragraph('b', '1:2'), paragraph('new', '1:3'), paragraph('a', '1:1')]);
  const after = [...into.children];
  expect(after.map((one) => one.textContent)).toEqual(['b', 'new', 'a']);
  expect(after[0]).toBe(before[1]);
  expect(after[2]).toBe(before[0]);
  painter.paint([]);
  expect(into.childNodes).toHaveLength(0);
});

test('what is nested without end is shown flat', () => {
  let deep = paragraph('bottom');
  for (let level = 0; level < 5_000; level += 1) deep = element('blockquote', [deep]);
  painter.paint([deep]);
  expect(into.textContent).toBe('bottom');
});

test('words that came as a whole into an empty block are marked, but not when the block says so itself', () => {
  const words: PastNode = { ...merged([{ insert: 'first words' }]), change: change('added') };
  painter.paint([element('paragraph', [words])]);
  const mark = into.querySelector<HTMLElement>('p [data-change="added"]');
  expect(mark?.textContent).toBe('first words');
  expect(mark?.dataset.by).toBe('name:Ann');

  painter.paint([element('paragraph', [words], { change: change('added') })]);
  expect(into.querySelector('p [data-change]')).toBeNull();
  expect(into.querySelector('p')?.dataset.change).toBe('added');

  const shared = [{ insert: 'first ' }, { insert: 'words', change: change('added', 'name:Ben') }];
  painter.paint([element('paragraph', [{ ...merged(shared), change: change('added') }])]);
  const marks = [...into.querySelectorAll<HTMLElement>('p [data-change]')];
  expect(marks.map((one) => [one.textContent, one.dataset.by])).toEqual([
    ['first ', 'name:Ann'],
    ['words', 'name:Ben'],
  ]);
});
