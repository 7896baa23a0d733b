import { expect, test } from 'vitest';
import { documentOf, isPageId, newPageId, PAGE_ID_CHARACTERS, pageOf } from './pageId';

test('a new page’s id is long, lower-case, safe in addresses, and its document is named after it', () => {
  const id = newPageId();
  expect(id).toMatch(new RegExp(`^[a-z0-9]{${PAGE_ID_CHARACTERS}}$`));
  expect(isPageId(id)).toBe(true);
  expect(pageOf(documentOf(id))).toBe(id);
  expect(newPageId()).not.toBe(id);
});

test('other apps’ documents, and ids too short to be ours, are not pages', () => {
  for (const name of [
    'notes',
    'page/',
    'page/short',
    'page/../../etc/passwd-and-more-text',
    `PAGE/${newPageId()}`,
  ]) {
    expect(pageOf(name), name).toBeNull();
  }
});
