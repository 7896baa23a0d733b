import { expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { claimSchema, findMiss, watchForMiss } from './gate';
import { SCHEMA_VERSION } from './schema';

type Children = (Y.XmlElement | Y.XmlText)[];

function element(
  name: string,
  attributes: Record<string, unknown> = {},
  children: Children = [],
): Y.XmlElement {
  // biome-ignore lint/suspicious/noExplicitAny: attributes are typed values in a document, strings only in Yjs' types
  const made = new Y.XmlElement<any>(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.insert(0, children);
  return made;
}

function text(content: string, marks: Record<string, unknown> = {}): Y.XmlText {
  const made = new Y.XmlText();
  made.insert(0, content, marks);
  return made;
}

function page(...blocks: (Y.XmlElement | Y.XmlText)[]): Y.Doc {
  const doc = new Y.Doc();
  doc.getXmlFragment('default').insert(0, blocks);
  return doc;
}

test('a page of everything the editor knows passes', () => {
  const doc = page(
    element('heading', { level: 2, id: 'a', textAlign: 'center' }, [text('Title', { bold: {} })]),
    element('paragraph', {}, [
      text('linked', {
        link: { href: 'https://example.org', target: null, rel: null, class: null, title: null },
      }),
      text('twice', { 'comment--abcDEF1=': { id: '1' }, 'comment--abcDEF2=': { id: '2' } }),
    ]),
    element('taskList', {}, [
      element('taskItem', { checked: true }, [element('paragraph', {}, [text('done')])]),
    ]),
  );
  doc.getMap('weft').set('schema', SCHEMA_VERSION);
  expect(findMiss(doc)).toBeNull();
});

const paragraph = (...content: Children): Y.XmlElement => element('paragraph', {}, content);
const UNKNOWN: [string, () => Y.XmlElement | Y.XmlText, object][] = [
  ['a node', () => element('kanban'), { what: 'node', name: 'kanban' }],
  [
    'a node deep inside',
    () => element('blockquote', {}, [element('kanban')]),
    { what: 'node', name: 'kanban' },
  ],
  ['a mark', () => paragraph(text('x', { sparkle: {} })), { what: 'mark', name: 'sparkle' }],
  [
    'a hashed mark',
    () => paragraph(text('x', { 'sparkle--abcDEF1=': {} })),
    { what: 'mark', name: 'sparkle' },
  ],
  ['an attribute', () => element('paragraph', { mood: 'up' }), { what: 'attribute', name: 'paragraph.mood' }],
  [
    'an attribute of a mark',
    () => paragraph(text('x', { comment: { id: '1', mood: 'up' } })),
    { what: 'attribute', name: 'comment.mood' },
  ],
  ['text outside any block', () => text('loose'), { what: 'shape', name: 'loose text' }],
  ['a name inherited by every object', () => element('constructor'), { what: 'node', name: 'constructor' }],
];

test.each(UNKNOWN)('a page that holds %s does not pass', (_, make, miss) => {
  expect(findMiss(page(make()))).toEqual(miss);
});

test('a page of a higher version does not pass, whatever it holds', () => {
  const doc = page(paragraph(text('x')));
  doc.getMap('weft').set('schema', SCHEMA_VERSION + 1);
  expect(findMiss(doc)).toEqual({ what: 'version', name: String(SCHEMA_VERSION + 1) });
  doc.getMap('weft').set('schema', 'nonsense');
  expect(findMiss(doc)).toMatchObject({ what: 'version' });
});

test('the title may hold lines of text and nothing else', () => {
  const doc = new Y.Doc();
  doc.getXmlFragment('title').insert(0, [paragraph(text('A title'))]);
  expect(findMiss(doc)).toBeNull();
  doc.getXmlFragment('title').insert(1, [element('heading', { level: 1 })]);
  expect(findMiss(doc)).toEqual({ what: 'node', name: 'heading' });
});

test.each(UNKNOWN)('the watch sees %s before any observer of the document does', (_, make, miss) => {
  const doc = page(paragraph(text('here first')));
  const peer = new Y.Doc();
  Y.applyUpdate(peer, Y.encodeStateAsUpdate(doc));
  const order: string[] = [];
  const onMiss = vi.fn(() => order.push('watch'));
  watchForMiss(doc, onMiss);
  doc.getXmlFragment('default').observeDeep(() => order.push('observer'));
  peer.getXmlFragment('default').insert(1, [make()]);
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(peer, Y.encodeStateVector(doc)));
  expect(onMiss).toHaveBeenCalledWith(miss);
  expect(order).toEqual(['watch', 'observer']);
});

test('the watch sees marks and attributes added to what was already there, and a raised version', () => {
  const change = (edit: (peer: Y.Doc) => void): unknown => {
    const doc = page(paragraph(text('here first')));
    const peer = new Y.Doc();
    Y.applyUpdate(peer, Y.encodeStateAsUpdate(doc));
    const onMiss = vi.fn();
    watchForMiss(doc, onMiss);
    edit(peer);
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(peer, Y.encodeStateVector(doc)));
    return onMiss.mock.calls[0]?.[0] ?? null;
  };
  const first = (peer: Y.Doc): Y.XmlElement => peer.getXmlFragment('default').get(0) as Y.XmlElement;
  expect(change((peer) => (first(peer).get(0) as Y.XmlText).format(0, 4, { sparkle: {} }))).toMatchObject({
    what: 'mark',
  });
  expect(change((peer) => first(peer).setAttribute('mood', 'up'))).toMatchObject({ what: 'attribute' });
  expect(change((peer) => peer.getMap('weft').set('schema', 99))).toMatchObject({ what: 'version' });
  expect(change((peer) => (first(peer).get(0) as Y.XmlText).insert(0, 'fine '))).toBeNull();
  expect(change((peer) => peer.getMap('other app').set('kanban', true))).toBeNull();
});

test('the watch sees what arrives in a document of which nothing had been named yet', () => {
  for (const fill of [
    (peer: Y.Doc) => peer.getMap('weft').set('schema', 99),
    (peer: Y.Doc) => peer.getXmlFragment('default').insert(0, [element('kanban')]),
    (peer: Y.Doc) => peer.getXmlFragment('title').insert(0, [element('kanban')]),
  ]) {
    const doc = new Y.Doc();
    const peer = new Y.Doc();
    const onMiss = vi.fn();
    watchForMiss(doc, onMiss);
    fill(peer);
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(peer));
    expect(onMiss).toHaveBeenCalledOnce();
  }
});

test('a page is claimed for our version once, and never lowered', () => {
  const doc = new Y.Doc();
  claimSchema(doc, 'me');
  expect(doc.getMap('weft').get('schema')).toBe(SCHEMA_VERSION);
  doc.getMap('weft').set('schema', SCHEMA_VERSION + 5);
  claimSchema(doc, 'me');
  expect(doc.getMap('weft').get('schema')).toBe(SCHEMA_VERSION + 5);
});
