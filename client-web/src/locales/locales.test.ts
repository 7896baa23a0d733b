import { expect, test } from 'vitest';
import en from './en.json';
import { chooseLanguage } from './index';
import zhCN from './zh-CN.json';

type Tree = { [key: string]: string | Tree };

function leaves(tree: Tree, path = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[`${path}${key}`, value]] : leaves(value, `${path}${key}.`),
  );
}

const slots = (text: string): string[] => (text.match(/\{\{\w+\}\}/g) ?? []).sort();

test('every language has every string, and no other', () => {
  expect(leaves(zhCN).map(([key]) => key)).toEqual(leaves(en).map(([key]) => key));
});

test('no string is empty, and each has the same slots in every language', () => {
  const english = new Map(leaves(en));
  for (const [key, text] of leaves(zhCN)) {
    expect(text.trim(), key).not.toBe('');
    expect(slots(text), key).toEqual(slots(english.get(key) ?? ''));
  }
});

test('the browser’s language decides until a person does', () => {
  expect(chooseLanguage(null, ['zh-Hans-SG', 'en'])).toBe('zh-CN');
  expect(chooseLanguage(null, ['fr-FR', 'de'])).toBe('en');
  expect(chooseLanguage('en', ['zh-CN'])).toBe('en');
  expect(chooseLanguage('xx', ['zh-TW'])).toBe('zh-CN');
});
