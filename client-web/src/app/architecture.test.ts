import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const SRC = resolve(import.meta.dirname, '..');

/** What each layer may use besides itself. Features may not use each other; nobody uses the app. */
const MAY_USE: Record<string, string[]> = {
  app: ['features', 'editor', 'wiki', 'sync', 'api', 'ui', 'locales'],
  features: ['editor', 'wiki', 'sync', 'api', 'ui', 'locales'],
  wiki: ['sync', 'api', 'ui', 'locales'],
  editor: ['sync', 'ui', 'locales'],
  sync: [],
  api: [],
  ui: ['locales'],
  locales: [],
  worker: [],
};

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return files(path);
    return /\.tsx?$/.test(entry.name) && !/\.test\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

interface Use {
  from: string;
  to: string;
}

const uses: Use[] = files(SRC).flatMap((file) => {
  const source = readFileSync(file, 'utf8');
  const imports = source.matchAll(/(?:from\s+|import\s+|import\()'(\.[^']*)'/g);
  return Array.from(imports, (match) => ({
    from: relative(SRC, file),
    to: relative(SRC, join(dirname(file), match[1] ?? '')),
  })).filter((use) => !use.to.startsWith('..'));
});

const layer = (path: string): string => path.split('/')[0] ?? '';

test('layers use only what is below them', () => {
  const wrong = uses.filter(({ from, to }) => {
    const own = layer(from);
    if (!from.includes('/')) return false;
    return layer(to) !== own && !(MAY_USE[own] ?? []).includes(layer(to));
  });
  expect(wrong).toEqual([]);
});

test('a feature uses no other feature', () => {
  const feature = (path: string): string | undefined => path.split('/')[1];
  const wrong = uses.filter(
    ({ from, to }) => layer(from) === 'features' && layer(to) === 'features' && feature(from) !== feature(to),
  );
  expect(wrong).toEqual([]);
});

test('the test sees the imports it judges', () => {
  expect(uses).toContainEqual({ from: 'features/page/PageView.tsx', to: 'editor/PageEditors' });
  expect(uses).toContainEqual({ from: 'main.tsx', to: 'sync/registry' });
});
