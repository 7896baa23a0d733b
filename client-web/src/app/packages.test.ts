import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const read = (file: string): string => readFileSync(resolve(import.meta.dirname, '../..', file), 'utf8');
interface Locked {
  version?: string;
  resolved?: string;
  optionalDependencies?: Record<string, string>;
}
const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
const manifest = JSON.parse(read('package.json')) as Record<
  'dependencies' | 'devDependencies',
  Record<string, string>
>;

/** A second copy of one of these is another class of the same name: documents and editors then stop fitting together. */
const ONE_COPY =
  /(^|\/)node_modules\/(yjs|lib0|y-protocols|react|react-dom|prosemirror-[a-z-]+|@tiptap\/[a-z-]+)$/;

test('there is one copy each of what must not be there twice', () => {
  const seen = new Map<string, string[]>();
  for (const path of Object.keys(lock.packages)) {
    const name = ONE_COPY.exec(path)?.[2];
    if (name !== undefined) seen.set(name, [...(seen.get(name) ?? []), path]);
  }
  expect(seen.size).toBeGreaterThan(20);
  expect([...seen.values()].filter((paths) => paths.length > 1)).toEqual([]);
});

test('every Tiptap package has the same version, and so has every Mantine package', () => {
  const versions = (scope: string): Set<string | undefined> =>
    new Set(
      Object.entries(lock.packages)
        .filter(([path]) => path.includes(`node_modules/${scope}/`) && !path.endsWith('/y-tiptap'))
        .map(([, { version }]) => version),
    );
  expect(versions('@tiptap').size).toBe(1);
  expect(versions('@mantine').size).toBe(1);
});

test('versions are exact, and the lock file names no place to fetch from', () => {
  for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
    expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
  }
  expect(Object.values(lock.packages).filter(({ resolved }) => resolved !== undefined)).toEqual([]);
});

test('the lock file has the packages of every platform, or `npm ci` refuses it; `npm run lock` adds them', () => {
  const wanted = Object.values(lock.packages).flatMap((owner) =>
    Object.keys(owner.optionalDependencies ?? {}),
  );
  const missing = wanted.filter((name) => lock.packages[`node_modules/${name}`]?.version === undefined);
  expect(missing).toEqual([]);
});
