// How long `npm start` takes to a page that can be used, in a browser that is already open: on a fresh checkout, where
// kernels and pages are built, and after it. Medians of some rounds; what is built at present is kept aside meanwhile.
// Use: npm run bench:start [-- rounds]
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { chromium } from 'playwright-core'

import { root } from './sources.mjs'

const rounds = Number(process.argv[2] ?? 5)
const out = join(root, 'out')
const aside = `${out}-${process.pid}`
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage'],
})
const times = { first: [], later: [] }
if (existsSync(out)) renameSync(out, aside)
try {
  for (let round = 0; round < rounds; round++) {
    rmSync(out, { recursive: true, force: true })
    for (const which of ['first', 'later']) times[which].push(await start())
  }
} finally {
  await browser.close()
  rmSync(out, { recursive: true, force: true })
  if (existsSync(aside)) renameSync(aside, out)
}
for (const [which, all] of Object.entries(times))
  console.log(
    `${which} start, median of ${rounds}: address after ${median(all, 'address')} s, page usable after ${median(all, 'page')} s`,
  )

/** Seconds from the command to the printed address, and to a page whose buttons answer. */
async function start() {
  const home = mkdtempSync(join(tmpdir(), 'basil-start-'))
  const began = performance.now()
  const since = () => (performance.now() - began) / 1000
  const child = spawn('npm', ['start', '--', '--no-window'], {
    cwd: root,
    env: { ...process.env, BASIL_HOME: home, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  })
  const page = await browser.newPage()
  try {
    const url = await new Promise((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`npm start ended with exit code ${code}`)))
      createInterface({ input: child.stdout }).on('line', (line) => {
        const [found] = /http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]+/.exec(line) ?? []
        if (found) resolve(found)
      })
    })
    const address = since()
    await page.goto(url)
    await page.getByRole('button', { name: 'Open the sample project' }).first().waitFor()
    await page.getByText(home).first().waitFor() // Basil has answered
    return { address, page: since() }
  } finally {
    await page.close()
    child.removeAllListeners('exit')
    const over = new Promise((resolve) => child.once('exit', resolve))
    process.kill(-child.pid, 'SIGTERM')
    await over
    rmSync(home, { recursive: true, force: true })
  }
}

function median(all, key) {
  const sorted = all.map((one) => one[key]).sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]?.toFixed(2)
}
