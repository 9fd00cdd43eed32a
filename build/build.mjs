// Brings out/ up to date: the kernels (build/kernels.mjs), then the bundles (electron.vite.config.ts). Milliseconds
// when nothing changed: a digest of the sources lies beside the bundles. Use: npm run build [-- --quiet]
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { digestOf, filesOf, root } from './sources.mjs'

const inputs = ['src-main', 'src-renderer', 'electron.vite.config.ts', 'package.json', 'package-lock.json']
const stamp = join(root, 'out', 'sources.sha256')
const outputs = ['main/main.js', 'main/engine.js', 'main/images.js', 'preload/preload.cjs', 'renderer/index.html']

/** Throws with the tool's own words when it fails; says what it did on stderr unless quiet. */
export function build({ quiet = false } = {}) {
  const say = (line) => quiet || console.error(line)
  say(step('kernels', ['build/kernels.mjs']).trim())
  const digest = digestOf(filesOf(...inputs))
  const complete = outputs.every((file) => existsSync(join(root, 'out', file)))
  if (complete && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return say('bundles: up to date')
  const began = performance.now()
  rmSync(stamp, { force: true })
  step('bundles', ['node_modules/electron-vite/bin/electron-vite.js', 'build', '--logLevel', 'warn'])
  writeFileSync(stamp, digest)
  say(`bundles: built in ${((performance.now() - began) / 1000).toFixed(1)} s`)
}

function step(name, args) {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  if (error) throw error
  if (status !== 0) throw new Error(`${name} failed:\n${stdout}${stderr}`)
  return stdout
}

if (process.argv[1] === import.meta.filename) {
  try {
    build({ quiet: process.argv.includes('--quiet') })
  } catch (error) {
    console.error(error.message)
    process.exit(1)
  }
}
