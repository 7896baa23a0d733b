import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { retitle, titleText } from './retitle';

function titled(...lines: string[]): Y.Doc {
  const doc = new Y.Doc();
  const elements = lines.map((line) => {
    const element = new Y.XmlElement('paragraph');
    element.insert(0, [new Y.XmlText(line)]);
    return element;
  });
  doc.getXmlFragment('title').insert(0, elements);
  return doc;
}

test('a title is replaced, or begun', () => {
  for (const doc of [titled('Old'), titled(), titled('Two', 'lines')]) {
    retitle(doc, '  新 title\n');
    expect(titleText(doc)).toBe('新 title');
    expect(doc.getXmlFragment('title').length).toBe(1);
  }
});

test('what somebody else types into the title at the same moment stays', () => {
  const here = titled('Meeting notes');
  const there = new Y.Doc();
  Y.applyUpdate(there, Y.encodeStateAsUpdate(here));
  const line = there.getXmlFragment('title').get(0) as Y.XmlElement;
  (line.get(0) as Y.XmlText).insert(13, ' 2026');
  retitle(here, 'Weekly meeting notes');
  Y.applyUpdate(here, Y.encodeStateAsUpdate(there));
  expect(titleText(here)).toBe('Weekly meeting notes 2026');
});

test('the same title changes nothing', () => {
  const doc = titled('Same');
  let updates = 0;
  doc.on('update', () => {
    updates += 1;
  });
  retitle(doc, ' Same ');
  expect(updates).toBe(0);
});
