import { getSchema } from '@tiptap/core';
import { yXmlFragmentToProseMirrorRootNode } from '@tiptap/y-tiptap';
import i18next from 'i18next';
import { expect, test } from 'vitest';
import { bodySchema } from '../../editor/schema/lists';
import { setLanguage } from '../../locales';
import { findMiss } from '../../sync/gate';
import { titleText } from '../../sync/retitle';
import { BODY_FIELD } from '../../sync/schema';
import { welcome } from './welcome';

test.each([
  ['en', 'Welcome', ['bold', 'Saved', 'Admin', 'Invitations']],
  ['zh-CN', '欢迎', ['粗体', '已保存', '管理', '邀请']],
] as const)('the first page is one that the editor keeps as it is (%s)', (language, title, bold) => {
  setLanguage(language);
  const doc = welcome(i18next.t);
  expect(findMiss(doc)).toBeNull();
  expect(titleText(doc)).toBe(title);
  const page = yXmlFragmentToProseMirrorRootNode(doc.getXmlFragment(BODY_FIELD), getSchema(bodySchema));
  page.check();
  expect(page.textContent).not.toContain('welcome.');
  expect(page.textContent).not.toMatch(/\*\*|`|\{\{/);
  const marked: string[] = [];
  page.descendants((node) => {
    if (node.isText && node.marks.some(({ type }) => type.name === 'bold')) marked.push(node.text ?? '');
  });
  expect(marked).toEqual(bold);
  expect(page.child(1).attrs.level).toBe(2);
});
