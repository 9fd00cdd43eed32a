// What is round every page, in a browser: the header and each page fit 1,000 pixels, anything is found and done from
// the keyboard, settings hold, and the help says how. The engine is the test double; history and server are real.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { unzipSync } from 'fflate'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { openHistory } from '../../src-main/history/open.ts'
import { putRun } from '../history/whole.ts'
import { toyEntry } from '../workbench/toy-run.ts'
import { accessible, type Basil, inBrowser, shot, startBasil, startBrowser } from './basil.ts'

const addresses = [
  ...[
    '/',
    '/library',
    '/library/1',
    '/compare/1/2',
    '/compatible/1/2',
    '/recipe',
    '/merge',
    '/data',
    '/data/1',
    '/compose',
  ],
  ...['/run/1', '/studies', '/study/1', '/evaluations', '/evaluation/1', '/history', '/engine', '/settings', '/help'],
  ...['/queue', '/run/1/mix', '/runs/compare/1,2', '/lineage/run/1'],
  ...['/help/merge-slerp', '/help/guide-first-merge', '/problem', '/nothing'],
]

/** How much wider than the window the page is; whether parts of the header lie over one another, or out of sight. */
const looked = `(() => {
  const boxes = [...document.querySelectorAll('header > *, header nav > a:not(.out)')]
    .filter((one) => !one.querySelector('nav'))
    .map((one) => one.getBoundingClientRect())
    .filter(({ width, top }) => width > 0 && top < 48)
    .sort((a, b) => a.left - b.left)
  return {
    more: document.documentElement.scrollWidth - innerWidth,
    over: boxes.some((one, i) => i > 0 && one.left < boxes[i - 1].right - 1),
    out: boxes.some(({ right }) => right > innerWidth),
  }
})()`

inBrowser('what is round every page', () => {
  const home = mkdtempSync(join(tmpdir(), 'basil-shell-'))
  let basil: Basil
  let browser: Browser
  let page: Page
  beforeAll(async () => {
    const history = await openHistory(home)
    for (const name of ['first run', 'a run of a name that says everything about its five tasks and two methods'])
      putRun(history, name)
    history.close()
    ;[basil, browser] = await Promise.all([startBasil(home, { BASIL_ENGINE: toyEntry }), startBrowser()])
    page = await browser.newPage({ viewport: { width: 1000, height: 700 } })
    await page.goto(basil.url)
    await page.getByRole('heading', { level: 1 }).first().waitFor()
  })
  afterAll(async () => {
    await browser?.close()
    await basil?.stop()
    rmSync(home, { recursive: true })
  })

  const at = async (address: string) => {
    await page.evaluate(`location.hash = ${JSON.stringify(address)}`)
    await page.getByRole('heading', { level: 1 }).first().waitFor()
  }

  it('fits 1,000 pixels on every page: nothing is wider, and nothing of the header lies over another', async () => {
    const wide: unknown[] = []
    for (const width of [1000, 1280]) {
      await page.setViewportSize({ width, height: 700 })
      for (const address of addresses) {
        await at(address)
        const found = (await page.evaluate(looked)) as { more: number; over: boolean; out: boolean }
        if (found.more > 0 || found.over || found.out) wide.push([width, address, found])
      }
    }
    expect(wide).toEqual([])
  })

  it('folds what does not fit into More, which the keyboard opens and leaves', async () => {
    await page.setViewportSize({ width: 1000, height: 700 })
    await at('/')
    await shot(page, 'shell-1000')
    const more = page.getByRole('button', { name: 'More', exact: true })
    await page.setViewportSize({ width: 640, height: 700 })
    await more.focus()
    await page.keyboard.press('Enter')
    const folded = page.getByRole('navigation', { name: 'More pages' })
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Escape')
    await folded.waitFor({ state: 'detached' })
    expect(await page.evaluate('document.activeElement.textContent.trim()')).toBe('More')
    await page.keyboard.press('Enter')
    await folded.getByRole('link', { name: 'Engine' }).click()
    await page.getByRole('heading', { name: 'Engine', level: 1 }).waitFor()
    await page.setViewportSize({ width: 1440, height: 900 })
    await more.waitFor({ state: 'detached' })
  })

  it('finds and does anything by the keyboard alone: an action, a run by its number, a setting', async () => {
    await at('/')
    const field = page.locator('[aria-label="Find and do"]:focus') // what is typed before goes nowhere
    const find = async (text: string) => {
      await page.keyboard.press('Control+k')
      await field.waitFor()
      await page.keyboard.type(text)
    }
    await find('stop and keep')
    await page.getByRole('option', { name: /Stop and keep.*not possible now/ }).waitFor()
    await accessible(page, 'shell-palette')
    await page.keyboard.press('Escape')
    await find('run 2')
    await page.getByRole('option', { name: /Run 2: a run of a name/, selected: true }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: /a run of a name/ }).waitFor()
    await find('memory limit')
    await page.keyboard.press('Enter')
    await page.locator('#setting-memory:focus').waitFor()
    await find('')
    expect(await page.locator('#found [role=option]').first().innerText()).toContain('Memory limit')
    await page.keyboard.press('Escape')
  })

  it('keeps the first row under Enter when runs are found later', async () => {
    const other = await browser.newPage()
    let held: (() => void)[] | null = null
    await other.routeWebSocket(/./, (socket) => {
      const server = socket.connectToServer()
      socket.onMessage((message) => server.send(message))
      server.onMessage((message) => (held ? held.push(() => socket.send(message)) : socket.send(message)))
    })
    await other.goto(basil.url)
    await other.getByRole('heading', { level: 1 }).first().waitFor()
    held = []
    await other.keyboard.press('Control+k')
    await other.getByRole('combobox', { name: 'Find and do' }).fill('run')
    const first = other.locator('#found [role=option]').first()
    await other.getByRole('option', { name: /New run/, selected: true }).waitFor()
    const [told, before] = [held, await first.innerText()]
    expect(await other.getByRole('option', { name: /first run/ }).count()).toBe(0)
    held = null
    for (const tell of told) tell()
    await other.getByRole('option', { name: /Run 1: first run/, selected: false }).waitFor()
    expect(await first.innerText()).toBe(before)
    await other.keyboard.press('Enter')
    await other.getByRole('heading', { name: 'Compose a run', level: 1 }).waitFor()
    await other.close()
  })

  it('keeps settings on the disk, and writes every share as is chosen', async () => {
    await at('/settings')
    await page.getByLabel('Threads').fill('0')
    await page.getByLabel('Threads').press('Enter')
    await page.getByText('type a whole number from 1 to 512, or nothing').waitFor()
    await page.getByLabel('Threads').fill('3')
    await page.getByLabel('Threads').press('Enter')
    await expect
      .poll(() => {
        try {
          return JSON.parse(readFileSync(join(home, 'settings.json'), 'utf8'))
        } catch {
          return null
        }
      })
      .toMatchObject({ threads: 3 })
    await page.getByLabel('Shares and accuracies').selectOption('as decimals')
    await page.getByText('As 0.873, on every page.').waitFor()
    await page.getByLabel('Shares and accuracies').selectOption('as percent')
    await page.getByRole('button', { name: 'Make a backup now' }).click()
    await page.getByRole('region', { name: 'Backups, table' }).waitFor()
    await accessible(page, 'shell-settings')
  })

  it('reports a problem: what is packed is shown, of a run too, and what was shown is what is written', async () => {
    await page.keyboard.press('F1')
    await page.getByRole('button', { name: 'Report a problem' }).click()
    await page.getByText('versions.json').waitFor()
    await page.getByLabel('Run', { exact: true }).selectOption({ index: 1 })
    await page.getByText('run-2.json').click()
    const shown = await page.getByRole('region', { name: 'run-2.json' }).innerText()
    expect(JSON.parse(shown)).toMatchObject({ run: 2 })
    await accessible(page, 'shell-problem')
    await page.getByRole('button', { name: 'Save the report…' }).click()
    const press = page.getByRole('link', { name: /basil-report-run-2-\d{8}T\d{6}\.zip$/ }).click()
    const [download] = await Promise.all([page.waitForEvent('download'), press])
    const files = unzipSync(new Uint8Array(readFileSync(await download.path())))
    expect(
      Buffer.from(files['basil-report/run-2.json'] ?? [])
        .toString()
        .trim(),
    ).toBe(shown.trim())
  })

  it('helps: a method by a word of its paper, the guide with its pictures, and what no page has', async () => {
    await page.keyboard.press('F1')
    await page.getByLabel('Find in the help').fill('editing models')
    await page
      .getByRole('link', { name: /Task arithmetic/ })
      .first()
      .waitFor()
    await page.getByLabel('Find in the help').fill('')
    await accessible(page, 'shell-help')
    await at('/help/merge-slerp')
    await page.getByText('When: for two models whose mean comes out smaller than either.').waitFor()
    await accessible(page, 'shell-help-merge')
    await at('/help/guide-first-merge')
    await page.getByRole('article').getByRole('img').first().waitFor()
    const loaded =
      'Array.from(document.images, (one) => { one.loading = "eager"; return one.decode().then(() => one.naturalWidth > 0) })'
    expect(await page.evaluate(`Promise.all(${loaded})`)).not.toContain(false)
    await accessible(page, 'shell-help-guide')
    await at('/nothing')
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor()
    await page.getByRole('button', { name: 'Go to Welcome' }).click()
    await page.getByRole('button', { name: 'Open the sample project' }).waitFor()
  })
})
