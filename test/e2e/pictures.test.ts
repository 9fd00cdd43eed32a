// Every page as it looks, in light and dark, on a large window and on the smallest it is made for, held against kept
// pictures (looks.ts), and axe finds nothing on it, of any impact; what a machine or a day decides is covered. The
// history is made, the checkpoints are the sample's, and the engine is the test double.
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { openHistory } from '../../src-main/history/open.ts'
import { putMany } from '../history/many.ts'
import { putRun, putTuning } from '../history/whole.ts'
import { toyEntry } from '../workbench/toy-run.ts'
import { type Basil, inBrowser, startBasil, startBrowser, violations } from './basil.ts'
import { difference, looksAsKept, roomFor } from './looks.ts'

const sample = join(import.meta.dirname, '../../resources/sample')
const models = ['pretrained', 'finetuned-mnist', 'finetuned-fashion', 'finetuned-digits']

const sizes = [
  { width: 1440, height: 900 },
  { width: 1000, height: 700 },
]

inBrowser('pictures of every page', () => {
  let home: string
  let basil: Basil
  let browser: Browser
  let page: Page
  let first = 0
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'basil-pictures-'))
    const history = await openHistory(home)
    putMany(history, 40)
    first = putRun(history, 'DV-BASI of cars and dtd')
    putRun(history, 'DV-BASI of cars and dtd, again')
    putTuning(history, 'standard on cars')
    history.close()
    ;[basil, browser] = await Promise.all([startBasil(home, { BASIL_ENGINE: toyEntry }), startBrowser()])
    const context = await browser.newContext({ timezoneId: 'UTC', locale: 'en-GB', reducedMotion: 'reduce' })
    page = await context.newPage()
    await page.clock.setFixedTime(new Date('2026-01-15T12:00:00Z'))
    await page.goto(basil.url)
    await page.getByRole('button', { name: 'Open the sample project' }).waitFor()
  })
  afterAll(async () => {
    await browser?.close()
    await basil?.stop()
    await rm(home, { recursive: true, force: true })
  })

  async function pictured(name: string, mask: readonly Locator[] = []): Promise<void> {
    await page.mouse.move(0, 0)
    for (const size of sizes) {
      await page.setViewportSize(size)
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
        await looksAsKept(page, `${name}-${size.width}-${colorScheme}`, [page.getByText(home), ...mask])
        if (size === sizes[0]) expect.soft([name, colorScheme, await violations(page)]).toEqual([name, colorScheme, []])
      }
    }
    await page.setViewportSize(sizes[0] ?? { width: 0, height: 0 })
  }

  const go = async (address: string, shown: Locator) => {
    await page.evaluate(`location.hash = '#${address}'`)
    await shown.first().waitFor()
  }
  const heading = (name: string | RegExp) => page.getByRole('heading', { name, level: 1 })
  const runs = () => page.locator(`main a[href="#/run/${first}"]`)
  const machine = () => [
    page.locator('main dl'),
    page.locator('main table'),
    page.getByText(/^of |GB of/),
    page.locator('main input'),
  ]

  it('welcome', async () => {
    await go('/', heading(/Learn how to combine/))
    await page.locator('main dl').getByText('toy', { exact: true }).waitFor()
    await pictured('welcome', [page.locator('main dl')])
  })

  it.each([
    ['library', '/library', 'Library'],
    ['data', '/data', 'Data'],
    ['studies', '/studies', 'Studies'],
    ['evaluations', '/evaluations', 'Evaluations'],
    ['queue', '/queue', 'Queue'],
    ['merge', '/merge', /Merge/],
    ['help', '/help', 'Help'],
    ['nowhere', '/no-such-page', 'There is no such page'],
  ])('%s', async (name, address, title) => {
    await go(address, heading(title))
    await pictured(name)
  })

  it.each([
    ['engine', '/engine', 'Engine'],
    ['settings', '/settings', 'Settings'],
  ])('%s, without what the machine says', async (name, address, title) => {
    await go(address, heading(title))
    await pictured(name, machine())
  })

  it('history', async () => {
    await go('/history', runs())
    await pictured('history')
  })

  it('a report, two runs compared, and where a model comes from', async () => {
    await go(`/run/${first}`, heading(/DV-BASI of cars/))
    await page.getByRole('figure').first().waitFor()
    await pictured('report')
    await go(`/runs/compare/${first},${first + 1}`, heading(/Compare/))
    await page.getByRole('figure').first().waitFor()
    await pictured('compare-runs')
    await go(`/lineage/run/${first}`, heading(/Lineage/))
    await pictured('lineage')
  })

  it('fine-tuning: the page to write one, one that is done, and all of them', async () => {
    await go('/fine-tune', heading('Fine-tune'))
    await page.getByText('Choose the pre-trained model.').waitFor()
    await pictured('fine-tune')
    await go('/tunings/1', heading('standard on cars'))
    await page.getByRole('figure', { name: 'Loss' }).waitFor()
    await pictured('tuning')
    await go('/tunings', heading('Fine-tunings'))
    await page.getByRole('link', { name: 'standard on cars' }).waitFor()
    await pictured('tunings')
  })

  it('a method explained', async () => {
    await go('/help/method-dv-basi', heading(/DV-BASI/))
    await pictured('help-method')
  })

  it('composing, and what lies over a page', async () => {
    await go('/', heading(/Learn how to combine/))
    await page.getByRole('button', { name: 'Open the sample project' }).click()
    await page.getByText('All files fit together.').waitFor()
    const path = page.getByText(/resources.sample/)
    await pictured('compose', [path])
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').first().waitFor()
    await pictured('palette', [path])
    await page.keyboard.press('Escape')
  })

  it('checkpoints: listed, one of them, two of them, a set, and merged', async () => {
    const folder = join(home, 'models')
    await mkdir(folder)
    for (const model of models)
      await copyFile(join(sample, `${model}.safetensors`), join(folder, `${model}.safetensors`))
    await go('/library', heading('Library'))
    await page.keyboard.press('Alt+a')
    await page.getByLabel('Paths').fill(folder)
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    const varies = [page.getByText(/\d{4}-\d{2}-\d{2}/), page.getByText(/basil-pictures-/)]
    await page.getByText('finetuned-mnist.safetensors').first().waitFor()
    await page.getByText(/Reading headers|Hashing/).waitFor({ state: 'detached' })
    await pictured('library-rows', varies)
    await go('/library/1', heading(/safetensors/))
    await pictured('checkpoint', varies)
    await go('/compare/1/2', heading(/Compare/))
    await page.getByRole('slider').first().waitFor()
    await pictured('compare', varies)
    await go('/compatible/4/1,2', heading(/Compatib/))
    await page.getByRole('figure', { name: 'Cosines of the task vectors' }).waitFor()
    await pictured('compatible', varies)
  })

  it('a page that looks otherwise is another one', async () => {
    await go('/history', runs())
    await page.emulateMedia({ colorScheme: 'light' })
    expect(await difference(page, 'history-1440-light', [page.getByText(home)])).toBeLessThanOrEqual(
      roomFor(browser.version()),
    )
    await page.evaluate(`document.querySelector('main h1').style.display = 'none'`)
    expect(await difference(page, 'history-1440-light', [page.getByText(home)])).toBeGreaterThan(
      roomFor(browser.version()),
    )
  })
})
