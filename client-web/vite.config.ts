import './scripts/groupBy.ts';
import react from '@vitejs/plugin-react';
import type { Plugin, ProxyOptions } from 'vite';
import { defineConfig } from 'vitest/config';
import { standIn } from './dev/wiki';
import { worker } from './scripts/worker';

/** `vite --mode wiki` needs no server: one made of memory answers. */
const STAND_IN = 'wiki';

const server = process.env.WEFT_SERVER ?? 'http://localhost:4545';

const PROXY: Record<string, ProxyOptions> = {
  '/api': { target: server, changeOrigin: true, ws: true },
  '/ws': { target: server.replace(/^http/, 'ws'), ws: true },
};

/**
 * Names the files of the page view in the HTML, for `public/boot.js`: who opens a page by its address then fetches the
 * editor beside the shell instead of after it.
 */
function pageFiles(): Plugin {
  return {
    name: 'weft-page-files',
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle }) {
        const chunks = Object.values(bundle ?? {}).filter((file) => file.type === 'chunk');
        const entry = chunks.find((chunk) => chunk.isEntry);
        const page = chunks.find((chunk) => chunk.facadeModuleId?.endsWith('/features/page/PageRoute.tsx'));
        if (page === undefined) return [];
        const shell = new Set([entry?.fileName, ...(entry?.imports ?? [])]);
        const styles = [...(page.viteMetadata?.importedCss ?? [])];
        const files = [page.fileName, ...page.imports, ...styles].filter((file) => !shell.has(file));
        const content = files.map((file) => `/${file}`).join(' ');
        return [{ tag: 'meta', attrs: { name: 'weft-page-files', content }, injectTo: 'head-prepend' }];
      },
    },
  };
}

export default defineConfig(({ mode }) => ({
  plugins: [react(), pageFiles(), worker(), ...(mode === STAND_IN ? [standIn()] : [])],
  resolve: {
    // A second copy of any of these breaks collaboration without an error.
    dedupe: [
      'yjs',
      'lib0',
      'y-protocols',
      'prosemirror-model',
      'prosemirror-state',
      'prosemirror-view',
      'prosemirror-transform',
      'react',
      'react-dom',
    ],
  },
  build: {
    target: 'es2023',
    manifest: true,
    sourcemap: false,
    chunkSizeWarningLimit: 900,
  },
  server: { proxy: mode === STAND_IN ? {} : PROXY },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/test-setup.ts'],
    restoreMocks: true,
    // A window and all modules for each file anew take eight times as long as the tests themselves.
    isolate: false,
  },
}));
