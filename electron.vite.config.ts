// Bundles Basil for Electron into out/: main (the window's process, and the engine's door beside it), preload (one
// CommonJS file, as a sandboxed window wants it) and renderer. Files of out/main lie side by side, so that what a
// source finds beside itself (migrations) or two folders up (out/kernels) is found from its bundle too.
import { cpSync } from 'node:fs'
import { join } from 'node:path'

import { defineConfig } from 'electron-vite'
import type { Plugin } from 'vite'

import { pagesConfig } from './build/pages.ts'

const root = import.meta.dirname
const at = (path: string) => join(root, path)

const copyMigrations = {
  name: 'copy-migrations',
  closeBundle: () => cpSync(at('src-main/history/migrations'), at('out/main/migrations'), { recursive: true }),
}

// electron-vite puts a `const require` into every bundle that says "require(", and the engine has one of its own.
const withoutShim: Plugin = {
  name: 'without-shim',
  configResolved: ({ plugins }) => {
    const shim = plugins.find(({ name }) => name === 'vite:esm-shim') as Plugin | undefined
    if (shim) delete shim.renderChunk
  },
}

export default defineConfig({
  main: {
    plugins: [copyMigrations, withoutShim],
    build: {
      outDir: at('out/main'),
      minify: false, // kernel threads start from source text
      rolldownOptions: {
        input: {
          main: at('src-main/main.ts'),
          engine: at('src-main/worker/door.ts'),
          images: at('src-main/worker/images/thread.ts'),
          remote: at('src-main/remote.ts'),
        },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      outDir: at('out/preload'),
      externalizeDeps: false,
      rolldownOptions: {
        input: at('src-main/desktop/preload.ts'),
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: pagesConfig(root),
})
