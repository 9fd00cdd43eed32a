// Studies in a real browser on the real engine: a configuration with controls, two arms and two seeds, paused and
// resumed, to its table and charts; a sweep's count of runs; negation by MGDA with its charts; and a fine-tuned model
// refined in a few clicks, before and after.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { type Basil, inBrowser, openPage, shot, startBasil, startBrowser, violations } from './basil.ts'

const sample = join(import.meta.dirname, '..', '..', 'resources', 'sample')

inBrowser('studies', () => {
  let basil: Basil
  let browser: Browser
  let page: Page
  const complaints: string[] = []
  beforeAll(async () => {
    ;[basil, browser] = await Promise.all([startBasil(), startBrowser()])
    page = await openPage(browser, basil.url, complaints, {
      viewport: { width: 1280, height: 800 },
      permissions: ['clipboard-read', 'clipboard-write'],
    })
  })
  afterAll(async () => {
    await browser?.close()
    await basil?.stop()
  })

  /** In light and in dark; a picture of each. */
  async function accessible(where: string): Promise<void> {
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme })
      await shot(page, colorScheme === 'light' ? where : `${where}-dark`)
      const found = await violations(page)
      expect([where, colorScheme, found.filter((v) => /^(serious|critical)/.test(v))]).toEqual([where, colorScheme, []])
    }
  }

  const go = (name: string) => page.getByRole('link', { name, exact: true }).click()
  const status = () => page.getByRole('dialog').getByRole('status')

  async function composeShort(tasksOff: string[]): Promise<void> {
    await go('Welcome')
    await page.getByRole('button', { name: 'Open the sample project' }).click()
    const replace = page.getByRole('button', { name: 'Replace it' }) // of the one before
    await page.getByText('All files fit together.').or(replace).first().waitFor()
    if (await replace.isVisible()) await replace.click()
    await page.getByRole('switch', { name: 'Use mnist', exact: true, checked: true }).waitFor()
    for (const task of tasksOff) await page.getByRole('switch', { name: `Use ${task}`, exact: true }).click()
  }

  it('runs a configuration beside its controls, pauses and goes on, and shows mean ± deviation', async () => {
    await go('Studies')
    await page.getByText('No study yet.').waitFor()
    await page.getByRole('list').getByRole('button', { name: 'Reproduce a table…' }).click()
    await page.getByLabel('Table', { exact: true }).selectOption('T5')
    await status().getByText('no row has all it needs').waitFor()
    expect(await page.getByRole('button', { name: 'Start study' }).isDisabled()).toBe(true)
    await accessible('reproduce')
    await page.keyboard.press('Escape')
    await accessible('studies-empty')
    await composeShort(['fashion', 'digits', 'emoji', 'glyphs'])
    for (const stage of ['start-', '']) {
      await page.getByLabel(`Epochs or steps${stage && ' of the start'}`, { exact: true }).selectOption('steps')
      await page.locator(`#field-${stage}steps`).fill('2')
    }
    await page.locator('#field-iterations').fill('1')
    await page.getByText('All files fit together.').waitFor()
    await accessible('compose-grouped')
    await page.getByRole('button', { name: 'Run with controls…' }).click()
    await status().getByText('21 runs:').waitFor()
    await accessible('controls')
    for (const arm of ['random direction', 'restart only', 'one long run', 'larger rate', 'no decay'])
      await page.getByRole('checkbox', { name: arm }).uncheck()
    await page.getByLabel('Seeds').fill('2')
    await status().getByText('4 runs:').waitFor()
    await page.getByRole('button', { name: 'Start study' }).click()

    await page.getByRole('heading', { name: /^Study 1:/ }).waitFor()
    await page.getByRole('button', { name: 'Pause after this run' }).click()
    await page.getByText('Paused. “Go on” continues where it was.').waitFor()
    const before = await page.getByText(/of 4 runs done/).innerText()
    expect(before).toMatch(/^[1-3] of 4 runs done/)
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.getByText('4 of 4 runs done').waitFor()
    const table = page.getByRole('region', { name: 'Arms, table' })
    expect(await table.getByText(/^\d\d\.\d ± \d\.\d %$/).count()).toBe(4) // two arms, absolute and relative
    await page.getByText(/highest of 2: /).waitFor()
    await page.getByText('4 runs of 2 arms, mean accuracy by step').waitFor()
    await accessible('study')
    await page.getByRole('button', { name: 'isotropic' }).click()
    await page.getByText('2 runs of 1 arm, mean accuracy by step').waitFor()
    await page.getByRole('button', { name: 'Table of Every run by step' }).click()
    expect(
      await page.getByRole('region', { name: 'Every run by step, table' }).getByRole('row').count(),
    ).toBeGreaterThan(4)
    await page.getByRole('button', { name: 'Copy as Markdown' }).click()
    expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(/\| isotropic \| 2 \| \d\d\.\d ± \d\.\d % \|/)
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save as CSV' }).click()
    const csv = readFileSync(await (await download).path(), 'utf8').split('\r\n')
    expect(csv[0]).toMatch(/^arm,seeds,parts,accuracy,accuracy_sd/)
    expect(csv[1]).toMatch(/^DV-BASI,2,1,0\.\d+,0(\.\d+)?,/)
    expect(csv[2]).toMatch(/^isotropic,2,1,0\.\d+/)
    expect(complaints).toEqual([])
  })

  it('offers the same for a run that is over, and counts the runs of a sweep', async () => {
    await page.getByRole('region', { name: 'Runs of this study, table' }).getByRole('link').first().click()
    await page.getByRole('button', { name: 'Run with controls…' }).click()
    const close = page.getByRole('dialog').getByRole('button', { name: 'Close' })
    await close.waitFor()
    const place = await close.boundingBox()
    await status().filter({ hasText: '21 runs:' }).filter({ hasText: 'It takes about' }).waitFor()
    expect(await close.boundingBox()).toEqual(place) // or a click could miss it
    await close.click()
    await go('Compose')
    await page.getByRole('button', { name: 'Sweep…' }).click()
    await page.getByLabel('Values').fill('0.003, 0.01, 0.03')
    await page.getByRole('button', { name: 'Another field' }).click()
    await page.getByLabel('Field').nth(1).selectOption('weightDecay')
    await page.getByLabel('Values').nth(1).fill('0, 0.1')
    await page.getByLabel('Seeds').fill('2')
    await status().getByText('12 runs:').waitFor()
    await accessible('sweep')
    await page.getByLabel('Put together').selectOption('list')
    await status().getByText('different lengths').waitFor()
    await page.getByLabel('Put together').selectOption('random')
    await page.getByLabel('Values').first().fill('0.001 to 0.1')
    await page.getByLabel('Draws').fill('5')
    await status().getByText('10 runs:').waitFor()
    await page.keyboard.press('Escape')
    await go('Studies')
    await page.getByRole('link', { name: /^Controls of/ }).waitFor()
    await accessible('studies')
    expect(complaints).toEqual([])
  })

  it('forgets a task under the line of its control, by MGDA, and says where the control was lost', async () => {
    await composeShort(['digits', 'emoji', 'glyphs'])
    await page.getByRole('radio', { name: 'aTLAS', exact: true }).check()
    await page.getByRole('switch', { name: 'Expert' }).click()
    await page.getByLabel('Aim of fashion').selectOption('forget')
    await page.getByLabel('Aim of mnist').selectOption('keep')
    await page.getByLabel('Epochs or steps', { exact: true }).selectOption('steps')
    await page.locator('#field-steps').fill('12')
    await page.locator('#field-learningRate').fill('0.3')
    await page.locator('#field-clamp').fill('-2, 2')
    await page.locator('#field-batch').fill('64')
    await page.locator('#field-keep').fill('1')
    await page.locator('#field-combine').selectOption('mgda')
    await page.getByText('All files fit together.').waitFor()
    await page.getByRole('button', { name: 'Start run' }).click()
    await page.getByRole('button', { name: 'Export model' }).waitFor()
    await page.getByRole('figure', { name: 'Forgetting and keeping' }).waitFor()
    await page
      .getByText(/lost a control at step \d+ and went back to step \d+|Every state so far keeps its controls/)
      .waitFor()
    await page.getByRole('figure', { name: 'Weights of the tasks' }).waitFor()
    await page.getByRole('button', { name: 'Table of Pareto residual' }).click()
    await accessible('negation')
    expect(complaints).toEqual([])
  })

  it('refines a fine-tuned model from its page in the library', async () => {
    await go('Library')
    await page.getByRole('heading', { name: 'Library', level: 1 }).waitFor() // where the key means something
    await page.keyboard.press('Alt+a')
    await page.getByLabel('Paths').fill(join(sample, 'finetuned-fashion.safetensors'))
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByRole('link', { name: 'finetuned-fashion.safetensors', exact: true }).dblclick()
    await page.getByRole('button', { name: 'Refine…' }).click()
    await page.getByLabel('Iterations').fill('1')
    await page.getByLabel('Epochs of each').fill('1')
    await status().getByText('All files fit together.').waitFor()
    expect(await page.getByLabel('Task', { exact: true }).inputValue()).toBe('fashion')
    await accessible('refine')
    await page.getByRole('button', { name: 'Start refining' }).click()
    await page.getByRole('heading', { name: 'Before and after, on test data' }).waitFor()
    await page.getByText(/fashion (gained|lost|did not change)/).waitFor()
    await page.getByRole('button', { name: 'Export model' }).waitFor()
    await accessible('refined')
    expect(complaints).toEqual([])
  })

  it('adapts the open configuration to each of its tasks, and opens a study that is a file with its own seeds', async () => {
    await composeShort(['digits', 'emoji', 'glyphs'])
    await page.getByText('All files fit together.').waitFor()
    await go('Studies')
    await page.getByRole('button', { name: 'Adapt to each task…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Adapt to each task' })
    await dialog.getByLabel('UFM + DV-BASI').waitFor()
    await dialog.getByLabel('SAR').uncheck()
    await status().getByText('18 runs:').waitFor() // three arms, two tasks, three seeds
    await shot(page, 'adapt')
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')
    const file = join(basil.home, 'mine.json')
    writeFileSync(file, JSON.stringify({ name: 'mine', config: join(sample, 'dv-basi.json'), seeds: [7, 8] }))
    await go('Welcome')
    await page.getByLabel('Or its path on this machine').fill(file)
    await page.getByRole('button', { name: 'Open', exact: true }).click()
    await page.getByRole('dialog', { name: 'Start a study' }).waitFor()
    await status().getByText('2 runs:').waitFor()
    await status().getByText('seeds 7 to 8').waitFor()
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')
  })
})
