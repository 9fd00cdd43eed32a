// Every page as it looks, in light and dark, on a large window and on the smallest it is made for, held against kept
// pictures (looks.ts), and axe finds nothing on it, of any impact; what a machine or a day decides is covered. The
// history is made (pictured.ts), the checkpoints are the sample's, and the engine is the test double, whose run stays
// where its first iteration begins. Every chart of these pages leaves as PNG, SVG and CSV.
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { openHistory } from '../../src-main/history/open.ts'
import { putMany } from '../history/many.ts'
import { putRun, putTuning } from '../history/whole.ts'
import { petsAt } from '../workbench/data/miniatures.ts'
import type { Toy } from '../workbench/toy-faults.ts'
import { toyEntry, toyFile } from '../workbench/toy-run.ts'
import { type Basil, inBrowser, startBasil, startBrowser, violations } from './basil.ts'
import { held } from './in-page.ts'
import { leaves, staying } from './leaves.ts'
import { difference, looksAsKept, roomFor } from './looks.ts'
import { exportedAt, putData, putMeasured, putStudied, putSwept, putUncertain } from './pictured.ts'

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
  let made = { study: 0, run: 0, evaluation: 0, swept: 0, uncertain: 0, data: 0, file: '' }
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'basil-pictures-'))
    const history = await openHistory(home)
    putMany(history, 40)
    first = putRun(history, 'DV-BASI of cars and dtd')
    putRun(history, 'DV-BASI of cars and dtd, again')
    const pets = join(home, 'pets')
    await petsAt(pets)
    const studied = putStudied(history)
    made = {
      ...studied,
      evaluation: await putMeasured(history),
      swept: putSwept(history),
      uncertain: putUncertain(history),
      data: putData(history, pets),
      file: await exportedAt(home, history, studied.run),
    }
    for (const name of ['standard on cars', 'standard on dtd']) putTuning(history, name)
    history.close()
    const toy: Toy = { pulse: true, holds: { stage: 1, until: join(home, 'goes-on') } }
    const environment = { BASIL_ENGINE: toyEntry, TOY: JSON.stringify(toy) }
    ;[basil, browser] = await Promise.all([startBasil(home, environment), startBrowser()])
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

  async function pictured(name: string, mask: readonly Locator[] = [], at: Locator | number = 0): Promise<void> {
    await page.mouse.move(0, 0)
    for (const size of sizes) {
      await page.setViewportSize(size)
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
        const top = typeof at === 'number' ? at : await topOf(at)
        await looksAsKept(page, `${name}-${size.width}-${colorScheme}`, [own(), ...mask], top)
        if (size === sizes[0]) expect.soft([name, colorScheme, await violations(page)]).toEqual([name, colorScheme, []])
        expect.soft([name, await staying(page)]).toEqual([name, []])
      }
    }
    await page.setViewportSize(sizes[0] ?? { width: 0, height: 0 })
  }

  /** Where it begins below the header, of the whole page. */
  async function topOf(one: Locator): Promise<number> {
    await page.evaluate('scrollTo(0, 0)')
    return Math.max(0, ((await one.boundingBox())?.y ?? 0) - 64)
  }

  const own = () => page.getByText(home).filter({ visible: true })
  const go = async (address: string, shown: Locator) => {
    await page.keyboard.press('Escape') // what a test that failed left over the page
    await page.evaluate(`location.hash = '#${address}'`)
    await shown.first().waitFor()
  }
  const heading = (name: string | RegExp) => page.getByRole('heading', { name, level: 1 })
  const day = () => page.getByText(/\d{4}-\d{2}-\d{2}/)
  const figure = (name: string) => page.getByRole('figure', { name, exact: true })
  const runs = () => page.locator(`main a[href="#/run/${first}"]`)
  const machine = () => [
    page.locator('main dl'),
    page.locator('main table'),
    page.getByText(/^of |GB of/),
    page.locator('main input'),
    page.locator('main details'),
    page.getByText(/^\d+\s+files of/),
  ]

  it('welcome', async () => {
    await go('/', heading(/Learn how to combine/))
    await page.locator('main dl').getByText('toy', { exact: true }).waitFor()
    await pictured('welcome', [page.locator('main dl')])
  })

  it.each([
    ['library', '/library', 'Library'],
    ['evaluations', '/evaluations', 'Evaluations'],
    ['queue', '/queue', 'Queue'],
    ['merge', '/merge', /Merge/],
    ['help', '/help', 'Help'],
    ['nowhere', '/no-such-page', 'There is no such page'],
  ])('%s', async (name, address, title) => {
    await go(address, heading(title))
    await pictured(name)
  })

  it('data, and a data set', async () => {
    await go('/data', page.getByRole('img', { name: 'pets: train 20, test 6' }))
    await pictured('data')
    await go(`/data/${made.data}`, heading('pets'))
    const images = page.getByRole('region', { name: 'Images', exact: true }).getByRole('img')
    const widths = () =>
      images.evaluateAll((all) => all.map((one) => (one as unknown as { naturalWidth: number }).naturalWidth))
    await expect.poll(async () => new Set(await widths())).toEqual(new Set([112]))
    await pictured('data-set')
  })

  it('studies, and a study', async () => {
    await go('/studies', heading('Studies'))
    await pictured('studies', [day()])
    await go(`/study/${made.study}`, figure('Every run by step'))
    await pictured('study')
  })

  it('an evaluation', async () => {
    await go(`/evaluation/${made.evaluation}`, figure('Reliability of animals'))
    await pictured('evaluation')
    await pictured('evaluation-task', [], 300)
    await go(`/evaluation/${made.swept}`, figure('animals over λ'))
    await pictured('evaluation-sweep', [], figure('animals over λ'))
  })

  it('how sure a run is of its coefficients', async () => {
    await go(`/run/${made.uncertain}`, figure('Uncertainty of the coefficients'))
    await pictured('report-uncertainty', [], figure('Uncertainty of the coefficients'))
  })

  it.each([
    ['engine', '/engine', 'Engine'],
    ['settings', '/settings', 'Settings'],
    ['problem', '/problem', 'Report a problem'],
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
    await go('/tunings/set/1,2', page.getByText('2 of 2 have a model'))
    await pictured('tuning-set')
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
    const varies = [day(), page.getByText(/basil-pictures-/)]
    await page.getByText('finetuned-mnist.safetensors').first().waitFor()
    await page.getByText(/Reading headers|Hashing/).waitFor({ state: 'detached' })
    await pictured('library-rows', varies)
    await go('/library/1', heading(/safetensors/))
    await pictured('checkpoint', varies)
    await go('/lineage/model/1', page.getByRole('group', { name: /Lineage from left to right/ }))
    await pictured('model-lineage', varies)
    await go('/compare/1/2', heading(/Compare/))
    await page.getByRole('slider').first().waitFor()
    await pictured('compare', varies)
    await go('/compatible/4/1,2', heading(/Compatib/))
    await page.getByRole('figure', { name: 'Cosines of the task vectors' }).waitFor()
    await pictured('compatible', varies)
  })

  it('a mix', async () => {
    await go(`/run/${made.run}/mix`, page.getByText('all images seen'))
    await pictured('mix')
  })

  it('a recipe', async () => {
    const dataTransfer = await page.evaluateHandle(held(basename(made.file), await readFile(made.file)))
    for (const type of ['dragenter', 'drop']) await page.dispatchEvent('body', type, { dataTransfer })
    await heading(/^Recipe of cars-and-dtd/).waitFor()
    await pictured('recipe')
  })

  it('charts of these pages leave as files', async () => {
    await go(`/evaluation/${made.evaluation}`, figure('Reliability of animals'))
    const bars = page.getByRole('img', { name: /^Reliability of animals/ })
    await bars.hover({ position: { x: 250, y: 240 } }) // what a bar says is read by pointing at it
    await expect.poll(() => bars.getAttribute('title')).toBe('53 images, 75.0 % sure, 66.0 % right')
    await leaves(page, 'Reliability of animals', /^Sure from,to,Images,Right,Mean sureness\r\n0\.0 %,10\.0 %,4,0,5/)
    await leaves(page, 'Confusion of animals', /^True class,Predicted class,Images,Of its class\r\nant,ant,\d+,/)
    await go('/library/1', heading(/safetensors/))
    await page.getByRole('button', { name: 'visual.proj', exact: true }).click()
    await leaves(page, 'Values of visual.proj', /^From,To,Values\r\n-0\.\d+,-0\.\d+,\d+\r\n/)
    await go(`/run/${made.run}/mix`, page.getByText('all images seen'))
    await leaves(page, 'Accuracy by task', /^Task,Accuracy,Interval from,.*\r\ncars,\d+\.00 %,/)
  })

  it('a page that looks otherwise is another one', async () => {
    await go('/history', runs())
    await page.emulateMedia({ colorScheme: 'light' })
    const differs = () => difference(page, 'history-1440-light', [own()])
    expect(await differs()).toBeLessThanOrEqual(roomFor(browser.version()))
    await page.evaluate(`document.querySelector('main h1').style.display = 'none'`)
    expect(await differs()).toBeGreaterThan(roomFor(browser.version()))
  })

  it('a run where its first iteration begins', async () => {
    const tasks = (toyFile.tasks ?? []).map((t) => ({ ...t, validation: t.data, test: t.data }))
    const start = { method: 'atlas', epochs: 30 }
    const config = join(home, 'run.json')
    await writeFile(config, JSON.stringify({ ...toyFile, name: 'Cars and dtd', tasks, start, epochs: 30 }))
    await go('/', heading(/Learn how to combine/))
    await page.getByLabel('Or its path on this machine').fill(config)
    await page.getByLabel('Or its path on this machine').press('Enter')
    await page.getByRole('button', { name: 'Start run' }).click()
    await page.getByText('Measuring where the stage begins').waitFor()
    await figure('Path of the coefficients')
      .getByText(/^In 31 looks/)
      .waitFor()
    const told = page.getByRole('region', { name: 'Progress', exact: true }).locator('dd')
    const clocks = page.getByRole('region', { name: 'What happened' }).locator('.mono')
    await pictured('live', [...[3, 4, 5, 6].map((n) => told.nth(n)), clocks])
    await leaves(page, 'Path of the coefficients', /^Stage,Epoch,First direction,Second direction\r\nStart,0,/)
    await go('/queue', page.getByRole('main').getByText('Cars and dtd').first())
    await pictured('queue-at-work', [page.locator('main .small')])
  })
})
