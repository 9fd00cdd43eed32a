// Last week's run among some hundred: found by its day and method, opened, used again and started; the same from the
// list itself; what was chosen of its columns, copied, duplicated and asked for once more. In a real browser on the
// engine's double.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { resolveConfig } from '../../src-main/contract/run/resolve.ts'
import { openHistory } from '../../src-main/history/open.ts'
import { createRun } from '../../src-main/history/runs.ts'
import { putMany } from '../history/many.ts'
import { now } from '../history/rows.ts'
import { putRun } from '../history/whole.ts'
import { toyConfig, toyEntry } from '../workbench/toy-run.ts'
import { type Basil, inBrowser, openPage, startBasil, startBrowser } from './basil.ts'

inBrowser('a run of last week', () => {
  const home = mkdtempSync(join(tmpdir(), 'basil-again-'))
  const until = join(home, 'go on') // no epoch ends before it is there
  let sought = 0
  let basil: Basil
  let browser: Browser
  let page: Page
  const complaints: string[] = []
  beforeAll(async () => {
    const history = await openHistory(home)
    putMany(history, 300)
    sought = putRun(history, 'the one for the talk')
    const ties = { method: 'ties', name: 'another way', start: undefined, iterations: undefined } as const
    createRun(history, toyConfig(ties), now, 'interrupted')
    createRun(history, toyConfig({ name: 'another day' }), new Date('2026-11-20T08:00:00Z'), 'interrupted')
    history.close()
    writeFileSync(until, '')
    const environment = { BASIL_ENGINE: toyEntry, TOY: JSON.stringify({ until }) }
    ;[basil, browser] = await Promise.all([startBasil(home, environment), startBrowser()])
    page = await openPage(browser, basil.url, complaints, {
      viewport: { width: 1440, height: 900 },
      permissions: ['clipboard-read', 'clipboard-write'],
    })
  })
  afterAll(async () => {
    await browser?.close()
    await basil?.stop()
    rmSync(home, { recursive: true, force: true })
  })

  const go = (name: string) => page.getByRole('link', { name, exact: true }).click()
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click()
  const heading = (name: string | RegExp) => page.getByRole('heading', { name, level: 1 }).waitFor()
  const status = () => page.getByRole('group', { name: 'What can be done' }).getByRole('status').first()
  const clipboard = () => page.evaluate<string>('navigator.clipboard.readText()')
  /** Finds runs in the list; how many. */
  async function find(query: string, count: string): Promise<void> {
    await go('History')
    await page.getByRole('combobox', { name: 'Find runs' }).fill(query)
    await status().getByText(count, { exact: true }).waitFor()
  }
  /** The number of the run that Compose starts now, when it is over. */
  async function started(): Promise<number> {
    await page.getByText('All files fit together.').waitFor()
    await press('Start run')
    await page.getByRole('button', { name: 'Export model' }).waitFor()
    return Number(/\d+$/.exec(new URL(page.url()).hash)?.[0])
  }
  /** Runs of other numbers and names, and the same settings. */
  async function alike(a: number, b: number): Promise<void> {
    await page.evaluate(`location.hash = '#/runs/compare/${a},${b}'`)
    await page.getByText('None: these runs have the same settings').waitFor()
  }

  it('is found by its day and method, and its settings are those of a new run', async () => {
    await find('date>=2026-11-20 date<=2026-11-22', '3 runs')
    await find('date:2026-11-22 method:dv-basi', '1 run')
    await page.getByRole('row').getByRole('link', { name: 'the one for the talk' }).click()
    await heading(`Run ${sought}: the one for the talk`)
    await press('Run again with these settings')
    await page.getByText('All files fit together.').waitFor()
    const saving = page.waitForEvent('download')
    await page.keyboard.press('Control+s')
    const saved = JSON.parse(readFileSync(await (await saving).path(), 'utf8'))
    const written = toyConfig({ name: 'the one for the talk', iterations: 1 })
    expect(resolveConfig(saved, (path) => path)).toEqual(written)
    await alike(sought, await started())
    expect(complaints).toEqual([])
  })

  it('is used again from the list, where it is ticked', async () => {
    await find('name:talk', '2 runs')
    await page.getByLabel(`Select run ${sought}`, { exact: true }).check()
    await press('Use settings in a new run')
    await heading('Compose a run')
    await alike(sought, await started())
  })

  it('is duplicated, and copied: its settings, and rows of the list', async () => {
    await go('Compose')
    const name = page.getByLabel('Name', { exact: true })
    await press('Copy to share')
    await expect.poll(clipboard).toContain('"name": "the one for the talk"')
    const copied = JSON.parse(await clipboard())
    expect(resolveConfig(copied, (path) => path)).toEqual(toyConfig({ name: 'the one for the talk', iterations: 1 }))
    await press('Duplicate')
    await page.getByText('This is a copy now.').waitFor()
    expect(await name.inputValue()).toBe('the one for the talk, copy')
    await page.getByRole('button', { name: /^Undo/ }).click()
    await expect.poll(() => name.inputValue()).toBe('the one for the talk')
    await find('name:talk', '1 of 3 runs selected') // as it was left
    const top = async () => (await page.getByRole('region', { name: 'Runs' }).boundingBox())?.y
    const before = await top()
    await press('Clear selection')
    await status().getByText('3 runs', { exact: true }).waitFor()
    expect(await top()).toBe(before) // the list has not moved
    await page.getByRole('button', { name: 'Copy as CSV' }).click()
    await expect.poll(async () => (await clipboard()).trim().split('\r\n').length).toBe(4)
    expect(await clipboard()).toMatch(/^Run,Name,Method,[\s\S]*,the one for the talk,dv-basi,/i)
    expect(complaints).toEqual([])
  })

  it('shows the columns that were chosen after a reload too', async () => {
    const columns = async () => (await page.getByRole('columnheader').allInnerTexts()).map((text) => text.trim())
    const choose = async (...names: string[]) => {
      await press('Columns')
      for (const name of names) await page.getByRole('checkbox', { name, exact: true }).click()
      await page.keyboard.press('Escape')
    }
    await find('', '305 runs')
    const before = await columns()
    await choose('Seed', 'Notes', 'Duration')
    const chosen = [...before.filter((one) => one !== 'Duration'), 'Seed', 'Notes'].toSorted()
    await expect.poll(async () => (await columns()).toSorted()).toEqual(chosen)
    await expect.poll(() => kept(home)).toContain('notes')
    await page.reload()
    await status().getByText('305 runs', { exact: true }).waitFor()
    await expect.poll(async () => (await columns()).toSorted()).toEqual(chosen)
    await choose('Seed', 'Notes', 'Duration')
    await expect.poll(columns).toEqual(before)
  })

  it('is asked for once more where it was cancelled', async () => {
    rmSync(until)
    await go('Compose')
    await press('Start run')
    await page.getByRole('button', { name: 'Stop and keep' }).waitFor()
    await go('Compose')
    await press('Start run')
    await page.getByText('This run waits for its turn').waitFor()
    const waiting = Number(/\d+$/.exec(new URL(page.url()).hash)?.[0])
    await go('Queue')
    await press(`Cancel: Run ${waiting}`)
    const finished = page.getByRole('region', { name: 'Finished', exact: true })
    await finished.getByText('cancelled').waitFor()
    await press(`Retry: Run ${waiting}`)
    writeFileSync(until, '')
    await expect.poll(() => finished.getByText('done', { exact: true }).count()).toBe(4)
    await alike(sought, waiting)
    expect(complaints).toEqual([])
  })
})

/** What the data folder keeps of the columns. */
function kept(home: string): readonly string[] {
  const file = join(home, 'preferences.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8'))['history.columns'] ?? []) : []
}
