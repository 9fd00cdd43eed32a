// How the window's pages are bundled, out/renderer: for Electron (electron.vite.config.ts) and, alone and sooner, for
// a browser. Use: node build/pages.ts
import { join } from 'node:path'

import { svelte } from '@sveltejs/vite-plugin-svelte'

/** `root` is the project's folder, told by who asks: electron-vite moves this code into a file elsewhere. */
export const pagesConfig = (root: string) => ({
  root: join(root, 'src-renderer'),
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
    rolldownOptions: { input: join(root, 'src-renderer', 'index.html') },
  },
})

if (process.argv[1] === import.meta.filename) {
  process.env.NODE_ENV = 'production' // a test's own would make pages that check themselves and are slower
  const { build } = await import('vite')
  await build({ ...pagesConfig(join(import.meta.dirname, '..')), configFile: false, logLevel: 'warn' })
}
