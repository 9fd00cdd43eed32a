// Ten thousand runs with a million coefficients in a real browser: found, sorted, grouped, selected, tagged, thrown
// away and brought back; and what the page and its questions take, which is printed and fails nothing.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { foundRuns, groupsOf, listRuns } from '../../src-main/history/listing/list.ts'
import { openHistory } from '../../src-main/history/open.ts'
import { putMany } from '../history/many.ts'
import { toyEntry } from '../workbench/toy-run.ts'
import { type Basil, inBrowser, openPage, shot, startBasil, startBrowser, violations } from './basil.ts'

const runs = 10_000

/** Sorted, at a share of them. */
const at = (times: number[], share: number): number =>
  times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(share * times.length))] ?? Number.NaN

const figures: string[] = []
const figure = (what: string, times: number[]): void =>
  void figures.push(`${what}: median ${at(times, 0.5).toFixed(1)} ms, p95 ${at(times, 0.95).toFixed(1)} ms`)

inBrowser('a history of ten thousand runs', () => {
  let home: string
  let basil: Basil
  let browser: Browser
  let page: Page
  const complaints: string[] = []
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'basil-many-'))
    const history = await openHistory(home)
    putMany(history, runs)
    const queries = ['', 'state:done accuracy>80%', 'date>=2025-10 duration>10m 0.99']
    const took: number[] = []
    const begun = performance.now()
    listRuns(history, { limit: 100 })
    figures.push(`first question of the history: ${(performance.now() - begun).toFixed(0)} ms`)
    for (const query of queries)
      for (const by of ['run', 'accuracy'] as const)
        for (const group of ['none', 'study'] as const) {
          const asked = { query, group, sort: { by, down: true } }
          for (const ask of [
            () => listRuns(history, { ...asked, limit: 100 }),
            () => listRuns(history, { ...asked, limit: 100, offset: 300 }),
            () => groupsOf(history, asked),
            () => foundRuns(history, { query: `${query} ` }),
          ]) {
            const from = performance.now()
            ask()
            took.push(performance.now() - from)
          }
        }
    figure(`${took.length} questions of the history`, took)
    history.close()
    ;[basil, browser] = await Promise.all([startBasil(home, { BASIL_ENGINE: toyEntry }), startBrowser()])
    page = await openPage(browser, basil.url, complaints, { viewport: { width: 1440, height: 900 } })
    await page
      .getByRole('link', { name: /Sweep of sweep/ })
      .first()
      .waitFor()
  })
  afterAll(async () => {
    console.log(figures.map((line) => `  ${line}`).join('\n'))
    await browser?.close()
    await basil?.stop()
    await rm(home, { recursive: true, force: true })
  })

  const rows = () => page.locator('tr[data-place]')
  const status = () => page.getByRole('group', { name: 'What can be done' }).getByRole('status').first()
  const field = () => page.getByRole('combobox', { name: 'Find runs' })
  const first = (column: number) => rows().first().locator('td').nth(column).innerText()

  /** From an act until the table shows it. */
  async function shown(what: string, act: () => Promise<unknown>, until: () => Promise<unknown>): Promise<void> {
    const from = performance.now()
    await act()
    await until()
    figure(what, [performance.now() - from])
  }

  async function accessible(where: string): Promise<void> {
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme })
      await shot(page, `${where}-${colorScheme}`)
      const found = await violations(page)
      expect([where, colorScheme, found]).toEqual([where, colorScheme, []])
    }
  }

  it('is shown, sorted and filtered, with no more than sixty rows in the page', async () => {
    await shown(
      'page of the history shown',
      () => page.getByRole('link', { name: 'History', exact: true }).click(),
      () => rows().nth(10).locator('a').waitFor(),
    )
    await status().getByText('10,000 runs').waitFor()
    expect(await first(1)).toBe('10005') // five digits, whole
    expect(
      await rows()
        .first()
        .locator('td')
        .nth(1)
        .evaluate((cell) => cell.scrollWidth <= cell.clientWidth),
    ).toBe(true)
    const accuracy = page.getByRole('columnheader', { name: 'Accuracy' })
    await accuracy.getByRole('button').click()
    await shown(
      'sorted by accuracy',
      () => accuracy.getByRole('button').click(),
      () => rows().first().getByText('100.0 %').or(rows().first().getByText('99.9 %')).first().waitFor(),
    )
    expect(await accuracy.getAttribute('aria-sort')).toBe('descending')
    await shown(
      'found by a query',
      () => field().fill('tag:paper state:done,stopped atlas accuracy>80%'),
      () =>
        status()
          .getByText(/^[1-9]\d* runs$/)
          .waitFor(),
    )
    expect(await rows().first().getByText('paper').count()).toBe(1)
    await field().fill('tag:paper statte:done')
    await page.getByText('there is no field “statte”').waitFor()
    await status()
      .getByText(/^[1-9]\d* runs$/)
      .waitFor() // what was found stays
    await accessible('history-wrong')
    await shown(
      'all shown again',
      () => field().fill(''),
      () => status().getByText('10,000 runs').waitFor(),
    )
    expect(await page.getByRole('columnheader', { name: 'Seed' }).count()).toBe(0)
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByRole('checkbox', { name: 'Seed' }).check()
    await page.keyboard.press('Escape')
    await page.getByRole('columnheader', { name: 'Seed' }).waitFor()
    expect(complaints).toEqual([])
  })

  it('is scrolled', async () => {
    const times = (await page.evaluate(`(async () => {
      const box = document.querySelector('[role=region][aria-label=Runs]')
      const frame = () => new Promise((done) => requestAnimationFrame(done))
      const times = []
      let most = 0
      await frame()
      for (let i = 0, last = performance.now(); i < 120; i++) {
        box.scrollTop += 400
        await frame()
        times.push(performance.now() - last)
        last = performance.now()
        most = Math.max(most, box.querySelectorAll('tr').length)
      }
      return [most, ...times]
    })()`)) as number[]
    expect(times[0]).toBeLessThanOrEqual(60)
    figure('frames while scrolling', times.slice(1))
    await page.evaluate('document.querySelector("[role=region][aria-label=Runs]").scrollTo(0, 0)')
  })

  it('is grouped, and groups fold', async () => {
    await page.getByRole('combobox', { name: 'Groups' }).selectOption('study')
    const group = page.getByRole('button', { name: /Study 3: Sweep 3/ })
    await group.waitFor()
    expect(await group.innerText()).toMatch(/60 runs, best \d\d\.\d %/)
    await group.click()
    await page.getByRole('button', { name: /Study 2: Sweep 2/ }).waitFor()
    await accessible('history-grouped')
    await page.getByRole('combobox', { name: 'Groups' }).selectOption('none')
    await group.waitFor({ state: 'detached' })
  })

  it('runs are selected, tagged, pinned, thrown away and brought back', async () => {
    await page.getByRole('group', { name: 'Filters' }).getByRole('button', { name: 'State' }).click()
    await page.getByRole('checkbox', { name: /failed/ }).check()
    await page.keyboard.press('Escape')
    await expect.poll(() => field().inputValue()).toBe('state:failed')
    await status().getByText('910 runs').waitFor()
    const tick = (place: number) => rows().nth(place).getByRole('checkbox')
    await tick(1).click()
    await tick(4).click({ modifiers: ['Shift'] })
    await status().getByText('4 of 910 runs selected').waitFor()
    await accessible('history-selected')
    await page.setViewportSize({ width: 1000, height: 700 })
    await shot(page, 'history-narrow')
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(1000)
    await page.setViewportSize({ width: 1440, height: 900 })
    await page.getByRole('button', { name: 'Tag…' }).click()
    await page.getByLabel('Add', { exact: true }).fill('broken, look at')
    await page.getByRole('dialog').getByRole('button', { name: 'Tag', exact: true }).click()
    await field().fill('state:failed tag:"look at"')
    await status().getByText('4 of 4 runs selected').waitFor()
    await page.getByRole('button', { name: 'Pin', exact: true }).click()
    await field().fill('state:failed tag:broken is:pinned')
    await status().getByText('4 of 4 runs selected').waitFor()
    await tick(0).click()
    await status().getByText('3 of 4 runs selected').waitFor()
    await page.getByRole('button', { name: 'Move to trash' }).click()
    await page.getByText('3 runs moved to the trash').waitFor()
    await status().getByText('1 run', { exact: true }).waitFor() // none of those is counted any more
    await page.getByRole('button', { name: 'Undo' }).click()
    await status().getByText('4 runs', { exact: true }).waitFor()
    await page.getByRole('checkbox', { name: 'Select all runs that are found' }).check()
    await status().getByText('4 of 4 runs selected').waitFor()
    await page.keyboard.press('Delete')
    await field().fill('')
    await status().getByText('9,996 runs').waitFor()
    await page.getByRole('button', { name: /^Trash/ }).click()
    await status().getByText('4 runs', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Empty trash…' }).click()
    await page.getByText(/4 runs and all they learned go for good, about \d/).waitFor()
    await accessible('history-trash')
    await page.getByRole('button', { name: 'Empty the trash' }).click()
    await page.getByText('No run is found for this.').waitFor()
    expect(complaints).toEqual([])
  })

  it('a run’s own page says and changes the same', async () => {
    await field().fill('run:9000')
    await rows().first().locator('a').click()
    await page.getByRole('button', { name: 'Name and notes' }).click()
    await page.getByLabel('Name', { exact: true }).fill('The one for the paper')
    await page.getByRole('button', { name: 'Rename' }).click()
    await page.getByLabel('Notes', { exact: true }).fill('As good as it gets.')
    await page.keyboard.press('Escape')
    await page.getByRole('heading', { name: /The one for the paper/, level: 1 }).waitFor()
    await page.getByText('As good as it gets.').waitFor()
    await page.getByLabel('Add a tag').fill('best')
    await page.getByLabel('Add a tag').press('Enter')
    await page.getByRole('button', { name: 'Remove tag best' }).waitFor()
    await accessible('run-care')
    await page.getByRole('button', { name: 'Move to trash' }).click()
    await page.getByText('This run is in the trash.').waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByRole('button', { name: 'Move to trash' }).waitFor()
    await page.getByRole('link', { name: 'History', exact: true }).click()
    await field().fill('tag:best note:"good as" paper')
    await status().getByText('1 run', { exact: true }).waitFor()
    expect(complaints).toEqual([])
  })
})
