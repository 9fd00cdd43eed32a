// A run's coefficients moved in a real browser on the real engine: from its report to the sliders, by keys, by typing
// and back, what is seen of it meanwhile, and the mix as a file in the library. Then the same on a merge that is being
// composed, with the run's tasks.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { resolveConfig } from '../../src-main/contract/run/resolve.ts'
import { forkEngine } from '../../src-main/workbench/link/engine-process.ts'
import { openWorkbench } from '../../src-main/workbench/workbench.ts'
import { started } from '../bundles.ts'
import { accessible, type Basil, inBrowser, openPage, shot, startBasil, startBrowser, violations } from './basil.ts'

const root = join(import.meta.dirname, '..', '..')
const sample = join(root, 'resources', 'sample')
const names = ['mnist', 'fashion']
const models = ['pretrained', ...names.map((name) => `finetuned-${name}`)].map((name) => `${name}.safetensors`)

/** A short run of DV-BASI on two tasks, finished, in this data folder. */
async function ranIn(home: string): Promise<void> {
  const door = started('src-main/worker/door.ts')
  const workbench = await openWorkbench({
    ...{ home, resources: join(root, 'resources'), write: true },
    engine: (environment) => forkEngine(door, { ...environment, BASIL_BACKEND: 'wasm' }),
  })
  const at = 'tasks.safetensors'
  const config = {
    ...{ name: 'Two tasks', method: 'dv-basi', pretrained: models[0] ?? '', vectors: models.slice(1) },
    ...{ start: { method: 'atlas', epochs: 1 }, iterations: 1, epochs: 1, select: 'validation-loss' },
    tasks: names.map((name) => ({
      ...{ name, data: `${at}#${name}.learning?n=64`, validation: `${at}#${name}.validation` },
      ...{ test: `${at}#${name}.test?n=32`, head: `${at}#head.${name}` },
    })),
  }
  const run = await workbench.runs.start(resolveConfig(config, (path) => join(sample, path)))
  for await (const event of workbench.runs.watch(run)) if (event.type === 'ended') throw new Error(event.state)
  await workbench.close()
}

inBrowser('live accuracy', () => {
  const home = mkdtempSync(join(tmpdir(), 'basil-mix-'))
  const folder = mkdtempSync(join(tmpdir(), 'basil-mix-models-'))
  let basil: Basil
  let browser: Browser
  let page: Page
  const complaints: string[] = []
  beforeAll(async () => {
    for (const name of models) copyFileSync(join(sample, name), join(folder, name))
    copyFileSync(join(sample, 'open_clip_config.json'), join(folder, 'open_clip_config.json'))
    const starting = startBrowser()
    await ranIn(home)
    ;[basil, browser] = await Promise.all([startBasil(home), starting])
    page = await openPage(browser, basil.url, complaints, { viewport: { width: 1440, height: 900 } })
  })
  afterAll(async () => {
    await browser?.close()
    await basil?.stop()
    for (const one of [home, folder]) rmSync(one, { recursive: true, force: true })
  })
  const accuracy = () => page.getByRole('region', { name: /^Accuracy on/ })
  const allSeen = () => accuracy().getByText('all images seen').waitFor()

  /** axe finds nothing at all, in dark and in light; a picture of each. */
  async function sound(where: string): Promise<void> {
    await accessible(page, where)
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme })
      expect([where, await violations(page)]).toEqual([where, []])
      if (colorScheme === 'dark') await shot(page, `${where}-dark`)
    }
  }

  it('goes from the report to sliders, moves them by keys and by typing, and comes back', async () => {
    await page.getByRole('link', { name: 'History', exact: true }).click()
    await page.getByRole('link', { name: 'Two tasks' }).click()
    await page.getByRole('button', { name: 'Live accuracy' }).click()
    await page.getByRole('heading', { name: 'Live accuracy of run 1' }).waitFor()
    await allSeen()
    await accuracy().getByText('0.0 pt to the run’s own').waitFor()
    await sound('mix')

    const all = page.getByRole('slider', { name: 'finetuned-mnist, all blocks' })
    const typed = page.getByRole('textbox', { name: 'finetuned-mnist, all blocks, typed' })
    const before = Number(await typed.inputValue())
    await all.press('ArrowRight')
    expect(Number(await typed.inputValue())).toBeCloseTo(before + 0.01, 3)
    await page.keyboard.press('Alt+z')
    expect(Number(await typed.inputValue())).toBeCloseTo(before, 3)
    await all.press('PageDown')
    expect(Number(await typed.inputValue())).toBeCloseTo(before - 0.1, 3)
    await page.keyboard.press('Alt+z')
    expect(Number(await typed.inputValue())).toBeCloseTo(before, 3)
    await page.getByRole('textbox', { name: 'finetuned-fashion, late, typed' }).fill('1.5')
    await allSeen()
    await page
      .locator('[aria-live="polite"]', { hasText: /^Mean accuracy .* all 384 images\.$/ })
      .waitFor({ state: 'attached' })
    await page.getByRole('button', { name: 'All to zero' }).click()
    expect(await typed.inputValue()).toBe('0')
    await allSeen()
    const tried = accuracy()
      .getByRole('listitem')
      .filter({ has: page.getByRole('button') })
    expect(await tried.count()).toBeGreaterThanOrEqual(3)
    await accuracy().getByRole('button', { name: /own$/ }).click()
    expect(Number(await typed.inputValue())).toBeCloseTo(before, 3)
    await page.getByRole('radio', { name: 'By layer' }).check()
    await page.getByRole('slider', { name: 'Iteration 1, layer 0' }).waitFor()
    await page.setViewportSize({ width: 1000, height: 700 })
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    await sound('mix-1000')
    await page.getByRole('radio', { name: 'By parts of the model' }).check()
    await page.setViewportSize({ width: 1440, height: 900 })
  })

  it('writes a mix, which is a row of the library', async () => {
    await page.getByRole('slider', { name: 'finetuned-mnist, all blocks' }).press('PageUp')
    await allSeen()
    await page.getByRole('button', { name: 'Export this mix' }).click()
    await page.getByRole('link', { name: 'mix-of-run-1.safetensors' }).click()
    await page.getByText('Merged without a run: “Mix by hand: Run 1: Two tasks”').waitFor()
    await shot(page, 'mix-in-library')
  })

  it('is there for a merge that is being composed, with the tasks of a run', async () => {
    await page.getByRole('link', { name: 'Library', exact: true }).click()
    await page.getByRole('heading', { name: 'Library', level: 1 }).waitFor()
    await page.keyboard.press('Alt+a')
    await page.getByLabel('Paths').fill(folder)
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    for (const name of models) await page.getByLabel(`Select ${name}`).first().check()
    await page.getByRole('button', { name: 'Merge…' }).click()
    await page.getByRole('heading', { name: 'Merge models' }).waitFor()
    await page.getByRole('button', { name: 'Open sliders' }).click()
    await allSeen()
    const typed = page.getByRole('textbox', { name: 'finetuned-fashion, all blocks, typed' })
    expect(await typed.inputValue()).toBe('0.3') // task arithmetic's own
    await page.getByRole('slider', { name: 'finetuned-fashion, all blocks' }).press('PageUp')
    expect(await typed.inputValue()).toBe('0.4')
    await allSeen()
    await accuracy()
      .getByText(/pt to the merge’s own/)
      .waitFor()
    await sound('mix-of-merge')
    expect(complaints).toEqual([])
  })
})
