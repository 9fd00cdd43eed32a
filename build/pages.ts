// How the window's pages are bundled, out/renderer: for Electron (electron.vite.config.ts) and, alone and sooner, for
// a browser. Use: node build/pages.ts
import { join } from 'node:path'

import { svelte } from '@sveltejs/vite-plugin-svelte'

const root = join(import.meta.dirname, '..')
const source = join(root, 'src-renderer')

export const pagesConfig = {
  root: source,
  base: './',
  plugins: [svelte({ configFile: false })],
  build: {
    outDir: join(root, 'out', 'renderer'),
    emptyOutDir: true,
    minify: true,
    target: 'chrome132',
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    assetsInlineLimit: 0, // pictures are files of their own
    rolldownOptions: { input: join(source, 'index.html') },
  },
}

if (process.argv[1] === import.meta.filename) {
  const { build } = await import('vite')
  await build({ ...pagesConfig, configFile: false, logLevel: 'warn' })
}
