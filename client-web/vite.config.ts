import './scripts/groupBy.ts';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const server = process.env.WEFT_SERVER ?? 'http://localhost:4545';

export default defineConfig({
  plugins: [react()],
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
  server: {
    proxy: {
      '/api': { target: server, changeOrigin: true },
      '/ws': { target: server.replace(/^http/, 'ws'), ws: true },
    },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/test-setup.ts'],
    restoreMocks: true,
  },
});
