import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { build, type Plugin } from 'vite';

const WORKER = 'sw.js';
/** Named by their content: the browser's own copy of one is as good as the server's. */
const HASHED = /^\/assets\//;
/** Not fetched by the client, but by the browser, when the wiki is put on a home screen. */
const LEFT_OUT = /^\/(sw\.js|manifest\.webmanifest|(icon|touch)-.*\.png)$/;

interface Entry {
  url: string;
  revision: string | null;
}

function paths(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.'))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? paths(path) : [path];
    });
}

/** The files of a built client as the worker keeps them; what has no hash in its name gets one beside it. */
function entries(dist: string): Entry[] {
  return paths(dist)
    .map((path) => ({ path, url: `/${relative(dist, path).split(sep).join('/')}` }))
    .filter(({ url }) => !LEFT_OUT.test(url))
    .map(({ path, url }) => ({
      url,
      revision: HASHED.test(url)
        ? null
        : createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16),
    }))
    .sort((a, b) => (a.url < b.url ? -1 : 1));
}

/** Builds `src/worker` into one file at the root of the site, which names every other file of the build. */
export function worker(): Plugin {
  let root = '';
  let dist = '';
  return {
    name: 'weft-worker',
    apply: 'build',
    configResolved(config) {
      root = config.root;
      dist = resolve(config.root, config.build.outDir);
    },
    writeBundle: {
      order: 'post',
      sequential: true,
      async handler() {
        await build({
          root,
          configFile: false,
          publicDir: false,
          logLevel: 'warn',
          define: { FILES: JSON.stringify(entries(dist)) },
          build: {
            outDir: dist,
            emptyOutDir: false,
            target: 'es2023',
            rolldownOptions: {
              input: resolve(root, 'src/worker/worker.ts'),
              output: { format: 'iife', entryFileNames: WORKER },
            },
          },
        });
      },
    },
  };
}
