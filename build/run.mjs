// Runs a script of this project under a Node that can load the SQLite addon (Node-API 10) and TypeScript sources:
// the present Node when it is 24 or newer, else the one that came as the package node-linux-<arch>.
// Signals are passed on, and the child is ended when this process or its own launcher goes away (build/orphan.mjs), so
// a killed `npm start` leaves no server behind. What is written in TypeScript needs the compiled kernels and nothing else
// of a build.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { whenOrphaned } from './orphan.mjs'

const root = join(import.meta.dirname, '..')
const present = Number(process.versions.node.split('.')[0])
const bundled = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node')
const node = present >= 24 ? process.execPath : existsSync(bundled) ? bundled : undefined
if (!node) {
  console.error(
    `Basil needs Node 24 or newer: this is ${process.version}, and no bundled Node for ${process.platform}-${process.arch} is installed. Next: install Node 24, or run "npm ci" again without --omit=optional.`,
  )
  process.exit(1)
}
const [script = '', ...rest] = process.argv.slice(2)
if (script.endsWith('.ts')) await ensureKernels() // Basil itself, or what computes with it

// Compiled sources are kept, for this process and those it starts: a command then begins in half the time.
const compiled = join(root, 'node_modules', '.cache', 'compiled')
const orphan = pathToFileURL(join(import.meta.dirname, 'orphan.mjs')).href
const child = spawn(node, ['--import', orphan, join(root, script), ...rest], {
  stdio: 'inherit',
  env: { NODE_COMPILE_CACHE: compiled, ...process.env, BASIL_LAUNCHER: String(process.pid) },
})
// A terminal sends Ctrl+C to the child by itself: passing it on would make it two.
process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
whenOrphaned(() => child.kill('SIGTERM'))
child.on('exit', (code, signal) => process.exit(signal ? 128 + (constants.signals[signal] ?? 9) : (code ?? 1)))
child.on('error', (error) => {
  console.error(`Basil could not start ${node}: ${error.message}`)
  process.exit(1)
})

async function ensureKernels() {
  try {
    const { buildKernels } = await import('./kernels.mjs')
    if (await buildKernels()) console.error('Basil compiled its kernels (once after an installation).')
  } catch (error) {
    console.error(
      `Basil could not compile its kernels: ${error.message} Next: run "npm ci" again, then "npm run build".`,
    )
    process.exit(1)
  }
}
