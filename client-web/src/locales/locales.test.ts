import { expect, test } from 'vitest';
import { chooseLanguage } from './index';

type Tree = { [key: string]: string | Tree };

function leaves(tree: Tree, path = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[`${path}${key}`, value]] : leaves(value, `${path}${key}.`),
  );
}

const files = import.meta.glob<Tree>('./**/*.json', { eager: true, import: 'default' });
const english = Object.keys(files).filter((path) => path.endsWith('/en.json'));
const inBoth = english.map((path): [string, Tree, Tree] => {
  return [path, files[path] ?? {}, files[path.replace(/en\.json$/, 'zh-CN.json')] ?? {}];
});

const slots = (text: string): string[] => (text.match(/\{\{\w+\}\}/g) ?? []).sort();

test('every part of the app has every string in every language, and no other', () => {
  expect(english.length).toBeGreaterThan(5);
  for (const [path, en, zhCN] of inBoth) {
    expect(
      leaves(zhCN)
        .map(([key]) => key)
        .sort(),
      path,
    ).toEqual(
      leaves(en)
        .map(([key]) => key)
        .sort(),
    );
  }
});

test('no string is empty, and each has the same slots in every language', () => {
  for (const [path, en, zhCN] of inBoth) {
    const known = new Map(leaves(en));
    for (const [key, text] of leaves(zhCN)) {
      expect(text.trim(), `${path} ${key}`).not.toBe('');
      expect(slots(text), `${path} ${key}`).toEqual(slots(known.get(key) ?? ''));
    }
  }
});

test('two parts do not say different things by one name', () => {
  const seen = new Map<string, string>();
  for (const [path, en] of inBoth) {
    for (const [key] of leaves(en)) {
      expect(seen.get(key), `${key} in ${path}`).toBeUndefined();
      seen.set(key, path);
    }
  }
});

test('the browser’s language decides until a person does', () => {
  expect(chooseLanguage(null, ['zh-Hans-SG', 'en'])).toBe('zh-CN');
  expect(chooseLanguage(null, ['fr-FR', 'de'])).toBe('en');
  expect(chooseLanguage('en', ['zh-CN'])).toBe('en');
  expect(chooseLanguage('xx', ['zh-TW'])).toBe('zh-CN');
});
