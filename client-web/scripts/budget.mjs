// Fails when the client grows past its budgets. Counts what a browser really loads, by walking the build's manifest.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const DIST = process.argv[2] ?? 'dist';
const KIB = 1024;
const SHELL_BYTES_MAX = 200 * KIB;
const EDITOR_BYTES_MAX = 240 * KIB;
const STYLE_BYTES_MAX = 40 * KIB;
const WORKER_BYTES_MAX = 16 * KIB;
/** Must be fetched only when a page needs them. */
const ALWAYS_LAZY = ['lowlight', 'katex', '@tiptap/markdown'];

const manifest = JSON.parse(readFileSync(join(DIST, '.vite/manifest.json'), 'utf8'));

/** Everything that `key` loads at once: itself and its static imports, but not what it imports later. */
function loadedWith(key, found = new Set()) {
  if (found.has(key)) return found;
  found.add(key);
  for (const next of manifest[key].imports ?? []) loadedWith(next, found);
  return found;
}

const gzipped = (file) => gzipSync(readFileSync(join(DIST, file)), { level: 9 }).length;
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
const keyOf = (part) => {
  const key = Object.keys(manifest).find((name) => name.includes(part));
  if (key === undefined) throw new Error(`The build has no ${part}.`);
  return key;
};

const shell = loadedWith('index.html');
const page = loadedWith(keyOf('features/page/PageRoute'));
const beyondShell = [...page].filter((key) => !shell.has(key));
const styles = new Set([...shell, ...page].flatMap((key) => manifest[key].css ?? []));

const figures = [
  ['shell', sum([...shell].map((key) => gzipped(manifest[key].file))), SHELL_BYTES_MAX],
  ['editor', sum(beyondShell.map((key) => gzipped(manifest[key].file))), EDITOR_BYTES_MAX],
  ['styles', sum([...styles].map(gzipped)), STYLE_BYTES_MAX],
  ['worker', gzipped('sw.js'), WORKER_BYTES_MAX],
];

let failed = false;
for (const [name, bytes, max] of figures) {
  const over = bytes > max;
  failed ||= over;
  process.stdout.write(
    `${name.padEnd(7)} ${(bytes / KIB).toFixed(1).padStart(6)} of ${max / KIB} KiB gzip${over ? '  TOO LARGE' : ''}\n`,
  );
}
for (const part of ALWAYS_LAZY) {
  const eager = [...shell, ...page].some((key) => key.includes(part));
  if (!eager) continue;
  failed = true;
  process.stdout.write(`${part} is loaded with the page; it must be loaded when it is needed\n`);
}
process.exit(failed ? 1 : 0);
