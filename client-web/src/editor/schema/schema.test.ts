import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { describeSchema } from './describe';

const FILE = resolve(import.meta.dirname, '../../../schema.json');

test('schema.json says what the editor knows; `npm run schema` writes it anew', () => {
  const wanted = `${JSON.stringify(describeSchema(), null, 2)}\n`;
  if (process.env.WEFT_WRITE_SCHEMA === '1') writeFileSync(FILE, wanted);
  expect(readFileSync(FILE, 'utf8')).toBe(wanted);
});

test('every planned node and mark is in the schema from the first version on', () => {
  const { body } = describeSchema();
  const planned = ['callout', 'details', 'inlineMath', 'blockMath', 'mention', 'table', 'taskItem', 'image'];
  for (const name of planned) expect(Object.keys(body.nodes)).toContain(name);
  const marks = ['comment', 'insertion', 'deletion', 'modification', 'highlight', 'link'];
  for (const name of marks) expect(Object.keys(body.marks)).toContain(name);
});

test('a link stores its address and nothing else', () => {
  expect(Object.keys((describeSchema().body.marks.link as { attrs: object }).attrs)).toEqual(['href']);
});

test('comments may overlap each other, suggestions may not', () => {
  const { marks } = describeSchema().body;
  expect(marks.comment).toMatchObject({ overlaps: true });
  expect(marks.insertion).toMatchObject({ overlaps: false });
});
