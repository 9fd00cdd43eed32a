// npm start: builds what is out of date and opens the window. Where no window can be (no display, or Electron's program
// is neither here nor to be had in 20 seconds) it says why in one line and serves the workbench to a browser on this
// machine, which needs the kernels and the pages alone: Node reads the rest as it is written.
//   npm start -- --no-window    at once in a browser
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { build, buildPages } from './build.mjs'
import { root } from './sources.mjs'

const patience = 20_000 // ms for a download
const atOnce = 10_000 // ms within which an Electron that fails never opened a window
const package_ = join(root, 'node_modules', 'electron')

const parts = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' }
const dist = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(package_, 'dist')
const binary = join(dist, parts[process.platform] ?? 'electron')

try {
  const why = noWindow() ?? (await openWindow())
  await buildPages()
  await serve(why)
} catch (error) {
  console.error(error.message)
  process.exit(1)
}

/** Why there can be no window, as far as that is known before anything is built. */
function noWindow() {
  if (process.argv.includes('--no-window')) return 'as asked'
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return 'there is no display'
  return undefined
}

/** Ends the program when the window has been closed; otherwise resolves with why there was none. */
async function openWindow() {
  const missing = installed() ? undefined : download()
  if (missing) return missing
  await build()
  const began = Date.now()
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [] // Chromium refuses root otherwise
  const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env
  const { code, error } = await run(binary, [...asRoot, root], env)
  if (error || (code !== 0 && Date.now() - began < atOnce))
    return `Electron could not start (${error?.message ?? `exit code ${code}`})`
  process.exit(code)
}

function installed() {
  if (process.env.ELECTRON_OVERRIDE_DIST_PATH) return existsSync(binary)
  const { version } = JSON.parse(readFileSync(join(package_, 'package.json'), 'utf8'))
  const present = join(dist, 'version')
  return existsSync(binary) && existsSync(present) && readFileSync(present, 'utf8').trim().replace(/^v/, '') === version
}

function download() {
  console.error('Fetching Electron (once after an installation) ...')
  const { status, signal, stderr } = spawnSync(process.execPath, [join(package_, 'install.js')], {
    encoding: 'utf8',
    timeout: patience,
    killSignal: 'SIGKILL',
  })
  if (status === 0 && installed()) return undefined
  const said = stderr
    .split('\n')
    .find((line) => /error/i.test(line))
    ?.trim()
  return `Electron could not be fetched (${signal ? `no answer in ${patience / 1000} s` : (said ?? 'it is not there afterwards')})`
}

function run(command, args, env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'inherit', env })
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    let asked = false // to end: then it is no failure, however it ends
    const end = () => {
      asked = true
      child.kill('SIGTERM')
    }
    const over = (code, error) => {
      for (const signal of signals) process.off(signal, end)
      resolve({ code: asked ? 0 : (code ?? 1), error })
    }
    for (const signal of signals) process.on(signal, end)
    child.on('error', (error) => over(1, error))
    child.on('exit', (code) => over(code))
  })
}

/**
 * What `basil serve` does, which prints the address, until Ctrl+C or until the launcher has gone (build/orphan.mjs).
 */
async function serve(why) {
  console.log(`No window: ${why}. Open the address below in a browser on this machine.`)
  process.argv.splice(2, Infinity, 'serve')
  await import('../src-main/cli.ts')
}
