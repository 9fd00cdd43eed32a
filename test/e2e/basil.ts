// A real Basil in a real browser: the server, on a data folder of its own, and the machine's Chromium. Where there is
// none the tests are skipped with a loud line, or fail if CI or E2E_REQUIRED is set.
import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants, mkdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'

import axe from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { describe, expect } from 'vitest'

import { started } from '../bundles.ts'
import { patience } from '../patience.ts'
import { slowAnswers } from './slow-answers.ts'

const root = join(import.meta.dirname, '..', '..')
const program = findChromium()
const pages: { buildPages: (options: { quiet: boolean }) => Promise<void> } = await import(
  join(root, 'build', 'build.mjs')
)
const required = Boolean(process.env.E2E_REQUIRED || process.env.CI)

if (!program && !required)
  console.error(
    '\n*** No Chromium: the browser tests are SKIPPED. Next: apt-get install chromium, or set CHROMIUM_PATH. ***\n',
  )

/** Whether a test can have one; where it must, it is told so by startBrowser. */
export const hasBrowser = Boolean(program) || required

/** describe for what needs a browser. */
export const inBrowser = describe.skipIf(!hasBrowser)

export interface Basil {
  url: string // with the token
  home: string
  stop(): Promise<void>
  kill(): Promise<void> // at once, as a fault of the machine would; the folder stays
}

/** What `npm start -- --no-window` runs: the same server, after it brought the pages up to date. */
export const npmStart = [join(root, 'build', 'start.mjs'), '--no-window']
const serve = [started('src-main/cli.ts'), 'serve']

/**
 * Starts Basil; `home` is a new folder, removed at stop, unless one is given. environment: what it finds there besides.
 */
export async function startBasil(
  home?: string,
  environment: NodeJS.ProcessEnv = {},
  command: readonly string[] = serve,
): Promise<Basil> {
  const folder = home ?? (await mkdtemp(join(tmpdir(), 'basil-e2e-')))
  const orphan = join(root, 'build', 'orphan.mjs')
  await pages.buildPages({ quiet: true }) // milliseconds where they are up to date
  const child = spawn(process.execPath, ['--import', orphan, ...command], {
    cwd: root,
    env: { ...process.env, ...environment, BASIL_HOME: folder, BASIL_LAUNCHER: String(process.pid), NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const url = await printedAddress(child)
  const stop = async () => {
    await ended(child)
    if (!home) await rm(folder, { recursive: true, force: true })
  }
  return { url, home: folder, stop, kill: () => ended(child, 'SIGKILL') }
}

/** Starts the browser, whose pages are given minutes for everything; fails with what to do when there is none. */
export async function startBrowser(): Promise<Browser> {
  if (!program)
    throw new Error('No Chromium, and CI or E2E_REQUIRED asks for one: apt-get install chromium, or set CHROMIUM_PATH.')
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const args = [...asRoot, '--disable-dev-shm-usage', '--disable-background-networking']
  const browser = await chromium.launch({ executablePath: program, args, timeout: patience })
  return browser.on('context', (context) => {
    context.setDefaultTimeout(patience)
    slowAnswers(context)
    void context.addInitScript(unasked)
  })
}

/** For a shell without windows (156): it says that notifications are denied, and grants them when asked. */
const unasked = `if (globalThis.Notification?.permission === 'denied')
  Object.defineProperty(Notification, 'permission', { value: 'default' })`

/** The page at an address. complaints: takes errors of its console, and those that nobody caught. */
export async function openPage(
  browser: Browser,
  url: string,
  complaints: string[],
  options: BrowserContextOptions = {},
): Promise<Page> {
  const page = await browser.newPage(options)
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(url)
  return page
}

/** Keeps a picture of the page in test-results/. */
export async function shot(page: Page, name: string): Promise<void> {
  mkdirSync(join(root, 'test-results'), { recursive: true })
  await page.screenshot({ path: join(root, 'test-results', `${name}.png`), fullPage: true })
}

/** axe finds nothing serious, in dark and in light; a picture of the page as it was before. */
export async function accessible(page: Page, where: string): Promise<void> {
  await shot(page, where)
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme })
    const found = await violations(page)
    expect([where, colorScheme, found.filter((v) => /^(serious|critical)/.test(v))]).toEqual([where, colorScheme, []])
  }
}

/** What axe finds on the page as it is, of any impact. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  return (await page.evaluate(
    'axe.run({ resultTypes: ["violations"] }).then((r) => r.violations.map((v) => v.impact + ": " + v.id + " " + v.nodes[0].html))',
  )) as string[]
}

function findChromium(): string | undefined {
  const names = [
    'chromium-headless-shell', // draws the same pages in three quarters of the time
    ...['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
  ]
  const folders = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter)]
  const places = [
    process.env.CHROMIUM_PATH ?? '',
    ...names.flatMap((name) => folders.map((folder) => join(folder, name))),
  ]
  return places.find((place) => place !== '' && executable(place))
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function printedAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    if (!child.stdout || !child.stderr) throw new Error('the server has no output to read')
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [address] = /http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]+/.exec(line) ?? []
      if (address) resolve(address)
    })
    child.on('exit', (code) => reject(new Error(`the server ended with exit code ${code}: ${said}`)))
  })
}

function ended(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    const late = setTimeout(() => child.kill('SIGKILL'), patience)
    child.on('exit', () => {
      clearTimeout(late)
      resolve()
    })
    child.kill(signal)
  })
}
