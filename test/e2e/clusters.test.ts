// A study on a cluster in a real browser: a folder of this machine is added, looked at, and given a study that was
// paused here; its tasks, which are the program as it is sent with the toy engine, are seen, ended, and tried again to
// their results. What the guide says to press is pressed.
import { readdirSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { plannedRuns, studySchema } from '../../src-main/contract/run/study.ts'
import { openHistory } from '../../src-main/history/open.ts'
import { createStudy } from '../../src-main/history/studies.ts'
import { absoluteIn, modelsIn, toyStudy } from '../cluster/toy-cluster.ts'
import type { Toy } from '../workbench/toy-faults.ts'
import { toyEntry } from '../workbench/toy-run.ts'
import { accessible, type Basil, inBrowser, startBasil, startBrowser } from './basil.ts'
import { looksAsKept } from './looks.ts'

inBrowser('clusters', () => {
  let home: string
  let basil: Basil
  let browser: Browser
  let page: Page
  const complaints: string[] = []
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'basil-clusters-'))
    const absolute = absoluteIn(modelsIn(join(home, 'models')))
    const definition = studySchema.parse(toyStudy([1]))
    const planned = plannedRuns(definition, () => 0).map((one) => ({ ...one, config: absolute(one.config) }))
    const history = await openHistory(home)
    createStudy(history, definition, planned, new Date())
    history.close()
    const toy: Toy = { holds: { stage: 1, until: join(home, 'goes-on') } }
    const environment = { BASIL_ENGINE: toyEntry, TOY: JSON.stringify(toy) }
    ;[basil, browser] = await Promise.all([startBasil(home, environment), startBrowser()])
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB' })
    page = await context.newPage()
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(basil.url)
  })
  afterAll(async () => {
    await browser?.close()
    await basil?.stop()
    await rm(home, { recursive: true, force: true })
  })

  const press = (name: string) => page.getByRole('button', { name, exact: true }).click()
  const dialog = () => page.getByRole('dialog')

  /** In light and dark, on a large window and on the smallest; what a machine or a day decides is covered. */
  async function pictured(name: string, mask: readonly Locator[] = []): Promise<void> {
    await page.mouse.move(0, 0)
    for (const size of [
      { width: 1000, height: 700 },
      { width: 1440, height: 900 },
    ]) {
      await page.setViewportSize(size)
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        await looksAsKept(page, `${name}-${size.width}-${colorScheme}`, [page.getByText(home), ...mask])
      }
    }
  }

  it('a folder is added, and looked at', async () => {
    await page.getByRole('link', { name: 'Clusters', exact: true }).click()
    await page.getByText('No cluster yet.').waitFor()
    await accessible(page, 'clusters-empty')
    await press('Add a cluster…')
    await dialog().getByLabel('Name').fill('trial')
    await dialog().getByLabel('Folder there', { exact: true }).fill('somewhere')
    await dialog().getByRole('button', { name: 'Add', exact: true }).click()
    await dialog().getByText('give an absolute path').waitFor()
    await accessible(page, 'cluster-form')
    await dialog().getByLabel('Tasks get their turn from').selectOption('folder')
    await dialog().getByLabel('Folder there', { exact: true }).fill(join(home, 'cluster'))
    await dialog().getByRole('button', { name: 'Add', exact: true }).click()
    const trial = page.getByRole('region', { name: 'trial', exact: true })
    await trial.getByRole('button', { name: 'Probe' }).click()
    await trial.getByText('A study can run there.').waitFor()
    expect(await trial.getByText(/^Basil \d+\.\d+\.\d+, Node v\d+/).count()).toBe(1)
    await accessible(page, 'clusters')
    await pictured('clusters', [trial.locator('dl').nth(1).locator('dd')])
    await trial.getByRole('button', { name: 'Remove' }).click()
    await page.getByText('No cluster yet.').waitFor()
    await page.getByRole('button', { name: /^Undo/ }).click()
    await trial.waitFor()
    expect(complaints).toEqual([])
  })

  it('a study goes there, is seen, ended and tried again, and its results are here', async () => {
    await page.evaluate(`location.hash = '#/study/1'`)
    await press('Run on…')
    await dialog().getByText('2 tasks,').waitFor()
    await dialog().getByText('0 of 5 files and folders are there.').waitFor()
    await accessible(page, 'run-on')
    await press('Start')
    const there = page.getByRole('region', { name: 'On trial', exact: true })
    await there.getByText('2 tasks: 2 running.').waitFor()
    expect(await there.getByRole('button', { name: 'Try failed again' }).isDisabled()).toBe(true)
    expect(await there.getByRole('button', { name: 'Bring back here' }).isDisabled()).toBe(true)
    await press('Look now')
    await page.evaluate(`location.hash = '#/queue'`)
    await page.getByText('Is worked on by trial').waitFor()
    await page.evaluate(`location.hash = '#/study/1'`)
    const [folder = ''] = readdirSync(join(home, 'cluster', 'studies'))
    await writeFile(join(home, 'cluster', 'studies', folder, 'tasks', '0000', 'result.json'), '{"basil":"resu')
    await there.getByText('2 tasks: 1 running, 1 failed.').waitFor()
    await press('Cancel there')
    await there.getByText('2 tasks: 1 waiting, 1 failed.').waitFor()
    expect(await there.getByRole('button', { name: 'Bring back here' }).isEnabled()).toBe(true)
    await page.getByText('“Go on” hands what is left over to trial again; “Bring back here” leaves it').waitFor()
    expect(await there.getByRole('button', { name: 'Look now' }).getAttribute('title')).toMatch(/not at work there$/)
    await writeFile(join(home, 'goes-on'), '')
    await press('Try failed again') // and what waits with it
    await there.getByText('2 tasks: 2 done.').waitFor()
    await page.getByText('2 of 2 runs done').waitFor()
    await accessible(page, 'study-there')
    const ofMachine = there.locator('td:nth-child(7), td:nth-child(8), td:nth-child(9)')
    const times = page.getByText(/Seen at|begun \d{4}|Its folder there/)
    await pictured('study-there', [ofMachine, times, page.getByRole('figure'), page.getByText(/toy, /)])
    await there.getByRole('link').first().click()
    await page.getByRole('heading', { name: /^Run \d: toys there: (two|one), seed 1$/, level: 1 }).waitFor()
    expect(complaints).toEqual([])
  })

  it('a run that is composed goes there as a study, from its dialog', async () => {
    await page.evaluate(`location.hash = '#/'`)
    await press('Open the sample project')
    await page.getByText('All files fit together.').waitFor()
    await press('Run with controls…')
    await dialog().getByLabel('Where', { exact: true }).selectOption('trial')
    await press('See what it takes…')
    await dialog().getByText('21 tasks,').waitFor()
    await page.keyboard.press('Escape')
    expect(complaints).toEqual([])
  })
  it('the guide shows what it says, with its pictures', async () => {
    await page.evaluate(`location.hash = '#/help/guide-cluster'`)
    await page.getByRole('heading', { name: 'A first study on a cluster' }).first().waitFor()
    const pictures = page.locator('main img')
    await expect.poll(() => pictures.count()).toBe(3)
    const widths = 'Array.from(document.querySelectorAll("main img"), (image) => image.naturalWidth)'
    await expect.poll(() => page.evaluate(widths)).toEqual([1200, 1200, 1200])
    expect(complaints).toEqual([])
  })
})
