// Brings out/ up to date: the kernels (build/kernels.mjs) and the bundles beside one another, all of them for Electron
// (electron.vite.config.ts) or the pages alone for a browser (build/pages.ts). Milliseconds when nothing changed: a
// digest of the sources lies beside the bundles. Use: npm run build [-- --quiet]
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { digestOf, filesOf, root } from './sources.mjs'

const common = [
  'src-main/contract',
  'src-renderer',
  'docs/guide',
  'CHANGELOG.md',
  'build/pages.ts',
  'package.json',
  'package-lock.json',
]
const inputs = { pages: common, all: [...common, 'src-main', 'electron.vite.config.ts'] }
const page = 'renderer/index.html'
const outputs = {
  pages: [page],
  all: ['main/main.js', 'main/engine.js', 'main/images.js', 'main/remote.js', 'preload/preload.cjs', page],
}
const tools = {
  pages: ['build/pages.ts'],
  all: ['node_modules/electron-vite/bin/electron-vite.js', 'build', '--logLevel', 'warn'],
}
const stampOf = (part) => join(root, 'out', part === 'all' ? 'sources.sha256' : 'pages.sha256')

/** For a window and a browser. Throws with the tool's own words when it fails; says what it did on stderr unless quiet. */
export const build = (options) => bring('all', options)

/** For a browser. */
export const buildPages = (options) => bring('pages', options)

async function bring(part, { quiet = false } = {}) {
  const say = (line) => quiet || console.error(line)
  const kernels = step('kernels', ['build/kernels.mjs']).then((said) => say(said.trim()))
  await Promise.all([kernels, bundles(part, say)])
}

async function bundles(part, say) {
  const digests = Object.fromEntries(Object.entries(inputs).map(([name, of]) => [name, digestOf(filesOf(...of))]))
  const isFresh = (name) =>
    outputs[name].every((file) => existsSync(join(root, 'out', file))) &&
    existsSync(stampOf(name)) &&
    readFileSync(stampOf(name), 'utf8') === digests[name]
  if (isFresh(part)) return say(`${part === 'all' ? 'bundles' : part}: up to date`)
  const began = performance.now()
  const made = part === 'all' ? ['all', 'pages'] : ['pages']
  for (const name of made) rmSync(stampOf(name), { force: true })
  await step('bundles', tools[part])
  for (const name of made) writeFileSync(stampOf(name), digests[name])
  say(`${part === 'all' ? 'bundles' : part}: built in ${((performance.now() - began) / 1000).toFixed(1)} s`)
}

function step(name, args) {
  return new Promise((resolve, reject) => {
    let said = ''
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        said += text
      })
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve(said) : reject(new Error(`${name} failed:\n${said}`))))
  })
}

if (process.argv[1] === import.meta.filename) {
  try {
    await build({ quiet: process.argv.includes('--quiet') })
  } catch (error) {
    console.error(error.message)
    process.exit(1)
  }
}
