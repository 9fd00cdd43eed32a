// The three doors of Welcome, and writing a run, in a real browser: what is opened is known for what it is, a draft is
// kept over a reload and replaced only when a person agrees, and what is wrong is said in one place. The engine is the
// test double, the rest is real.
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { toyEntry } from '../workbench/toy-run.ts'
import { accessible, type Basil, inBrowser, openPage, shot, startBasil, startBrowser, violations } from './basil.ts'
import { mine, sample } from './mine.ts'

inBrowser('composing a run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'basil-compose-'))
  let basil: Basil
  let browser: Browser
  let page: Page
  const complaints: string[] = []
  beforeAll(async () => {
    await mine(folder)
    ;[basil, browser] = await Promise.all([startBasil(undefined, { BASIL_ENGINE: toyEntry }), startBrowser()])
    page = await openPage(browser, basil.url, complaints, {
      viewport: { width: 1440, height: 900 },
      colorScheme: 'light',
    })
  })
  afterAll(async () => {
    await browser?.close()
    await basil?.stop()
    rmSync(folder, { recursive: true })
  })

  const welcome = () => page.getByRole('link', { name: 'Welcome', exact: true }).click()
  const name = () => page.getByLabel('Name', { exact: true })
  const fits = () => page.getByText('All files fit together.').waitFor()
  async function open(path: string): Promise<void> {
    await page.getByLabel('Or its path on this machine').fill(path)
    await page.getByLabel('Or its path on this machine').press('Enter')
  }
  /** In both sizes and both themes; nothing is wider than the page. */
  async function pictures(where: string): Promise<void> {
    await accessible(page, where)
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.setViewportSize({ width: 1000, height: 700 })
    await shot(page, `${where}-1000-dark`)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(1000)
    await page.emulateMedia({ colorScheme: 'light' })
    await page.setViewportSize({ width: 1440, height: 900 })
  }

  it('learns with my data, from nothing, beginning at Welcome', async () => {
    await page.getByRole('button', { name: /^Learn with my data/ }).waitFor()
    await open(folder)
    await page.getByText('This is a folder with checkpoints and data.').waitFor()
    await pictures('welcome-doors')
    await page.getByRole('button', { name: 'Add it to the library and the data' }).click()
    await page.getByText('7 checkpoints').waitFor()
    await expect.poll(() => page.getByText(/hashing|reading/).count()).toBe(0)
    await welcome()
    await page.getByRole('button', { name: /^Learn with my data/ }).click()
    await page.getByText('What is missing: data.').waitFor()
    expect(await page.getByRole('button', { name: 'Start run' }).isDisabled()).toBe(true)
    await page.getByRole('button', { name: 'Choose the pre-trained model' }).click()
    await page.getByLabel('Choose ViT-sample/zeroshot.safetensors').check()
    await page.getByRole('button', { name: 'Use', exact: true }).click()
    await page.getByRole('button', { name: 'Choose fine-tuned models' }).click()
    await page.getByLabel('Choose MNISTVal/finetuned.safetensors').check()
    await page.getByRole('button', { name: 'Use 1' }).click()
    await page.getByRole('button', { name: 'Add the task of MNIST' }).click()
    await fits()
    await page.getByRole('radio', { name: 'aTLAS', exact: true }).check()
    expect(await name().getAttribute('placeholder')).toBe('aTLAS of MNIST, seed 0')
    await fits()
    await page.getByText('not measured').waitFor()
    await page.getByRole('button', { name: 'Measure' }).click()
    await page.getByText('by two steps of it, measured here').waitFor()
    await page.getByRole('button', { name: 'Start run' }).click()
    await page.getByRole('heading', { name: 'Run 1: aTLAS of MNIST, seed 0' }).waitFor()
    await page.getByRole('button', { name: 'Run again with these settings' }).waitFor()
    expect(complaints).toEqual([])
  })

  it('shows the essentials on one screen, and to experts everything, marked where it is not the default', async () => {
    await welcome()
    await page.getByRole('button', { name: 'Open the sample project' }).click()
    await fits()
    await pictures('compose-basic')
    for (const width of [1000, 1440]) {
      await page.setViewportSize({ width, height: width === 1440 ? 900 : 700 })
      const cut = `[...document.querySelectorAll('#field-method label, #field-method span')]
        .filter((e) => e.clientHeight > 0 && (e.scrollHeight > e.clientHeight || e.scrollWidth > e.clientWidth))
        .map((e) => e.textContent)`
      expect([width, await page.evaluate(cut)]).toEqual([width, []])
    }
    expect(await page.evaluate('document.documentElement.scrollHeight')).toBeLessThanOrEqual(980)
    await page.getByRole('radio', { name: 'Task arithmetic', exact: true }).check()
    await page.getByText('1 coefficient, 21 values').waitFor()
    expect(await name().getAttribute('placeholder')).toMatch(/^Task arithmetic of 5 models/)
    await page.getByRole('switch', { name: 'Expert' }).click()
    for (const gone of ['Objective', 'Coefficients', 'Parts of a vector'])
      expect(await page.getByLabel(gone, { exact: true }).count()).toBe(0)
    await page.getByRole('radio', { name: 'DV-BASI', exact: true }).check()
    await page.getByLabel('Batch', { exact: true }).fill('8')
    await page.getByRole('button', { name: 'Reset Batch' }).waitFor()
    await pictures('compose-expert')
    const explained = page.getByRole('button', { name: /^What is “.*”\?$/ })
    expect(await explained.count()).toBe(await page.locator('form .field').count())
    await page.getByRole('button', { name: 'What is “Micro-batch”?' }).click()
    const told = page.getByRole('dialog', { name: 'Micro-batch: what it is' })
    await told.getByText('Images held in memory at a time').waitFor()
    expect(await violations(page)).toEqual([])
    await told.getByRole('link', { name: 'All settings of a run' }).click()
    await page.getByRole('heading', { name: 'Settings of a run', level: 1 }).waitFor()
    await page.getByText('images held in memory at a time').waitFor()
    expect(await violations(page)).toEqual([])
    await page.goBack()
    await fits()
    await page.getByRole('button', { name: 'Reset Batch' }).click()
    expect(await page.getByLabel('Batch', { exact: true }).inputValue()).toBe('')
  })

  it('says everything that is wrong in the plan, each a way to its field', async () => {
    await page.getByLabel('Micro-batch', { exact: true }).fill('-1')
    await page.getByRole('switch', { name: 'Expert' }).click()
    await page.getByText('One setting has to be corrected').waitFor()
    await page.getByRole('button', { name: 'Micro-batch' }).click()
    await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('field-microBatch')
    await page.keyboard.press('Control+a')
    await page.keyboard.press('Delete')
    await fits()
    await page.getByRole('switch', { name: 'Expert' }).click()
  })

  it('keeps what is being written over a reload, and replaces it only when the person agrees', async () => {
    await page.getByLabel('Seed', { exact: true }).fill('77')
    await expect
      .poll(() => readFileSync(join(basil.home, 'preferences.json'), 'utf8').includes('"seed": 77'))
      .toBe(true)
    await page.reload()
    await fits()
    expect(await page.getByLabel('Seed', { exact: true }).inputValue()).toBe('77')
    await page.keyboard.press('Alt+s')
    await page.getByText('Replace the run you are writing?').waitFor()
    await accessible(page, 'compose-replace')
    await page.getByRole('button', { name: 'Keep it' }).click()
    expect(await page.getByLabel('Seed', { exact: true }).inputValue()).toBe('77')
    await page.keyboard.press('Alt+s')
    await page.getByRole('button', { name: 'Replace it' }).click()
    await expect.poll(() => page.getByLabel('Seed', { exact: true }).inputValue()).not.toBe('77')
    await page.getByRole('button', { name: /^Undo/ }).click()
    await expect.poll(() => page.getByLabel('Seed', { exact: true }).inputValue()).toBe('77')
    expect(complaints).toEqual([])
  })

  it('saves a file that opens as what it was, by Mod+S', async () => {
    const download = page.waitForEvent('download')
    await page.keyboard.press('Control+s')
    const file = join(folder, 'saved.json')
    await (await download).saveAs(file)
    const given = (await name().inputValue()) || ((await name().getAttribute('placeholder')) ?? '')
    await page.getByRole('button', { name: 'Keep as a preset' }).click()
    await welcome()
    await open(file)
    await page.getByRole('button', { name: 'Replace it' }).click()
    await fits()
    expect(await page.getByLabel('Seed', { exact: true }).inputValue()).toBe('77')
    expect(await name().inputValue()).toBe(given)
    await page.getByLabel('Preset').selectOption({ label: given })
    await fits()
    await welcome()
    await page.getByRole('button', { name: /saved\.json/ }).waitFor() // among the recent ones
  })

  it('knows a checkpoint that is opened as a configuration, and anything else', async () => {
    await welcome()
    await open(join(folder, 'ViT-sample/finetuned-emoji.safetensors'))
    await page.getByText('This is a checkpoint, not a configuration.').waitFor()
    await page.getByRole('button', { name: 'Add it to the library', exact: true }).waitFor()
    writeFileSync(join(folder, 'paper.pdf'), '%PDF-1.7')
    await open(join(folder, 'paper.pdf'))
    await page.getByText('This is a PDF document, not a configuration.').waitFor()
  })

  it('refines one model, beginning at Welcome', async () => {
    await welcome()
    await page.getByRole('button', { name: /^Refine one model/ }).click()
    await page.getByLabel('Choose MNISTVal/finetuned.safetensors').check()
    await page.getByRole('button', { name: 'Use', exact: true }).click()
    await page.getByRole('dialog').getByText('All files fit together.').waitFor()
    await page.getByText(/^It takes about .*, as run 1 took here\. It asks for about 1 B of memory\.$/).waitFor()
    await accessible(page, 'welcome-refine')
    await page.getByRole('button', { name: 'Start refining' }).click()
    await page.getByRole('heading', { name: /^Run 2: Refine/ }).waitFor()
  })

  it('merges eight checkpoints without data, beginning at Welcome', async () => {
    const eight = join(folder, 'eight')
    mkdirSync(eight)
    for (const i of [1, 2, 3])
      copyFileSync(join(sample, 'finetuned-digits.safetensors'), join(eight, `finetuned-more-${i}.safetensors`))
    await welcome()
    await open(eight)
    await page.getByText('This is a folder with checkpoints.').waitFor()
    await page.getByRole('button', { name: 'Add it to the library', exact: true }).click()
    await page.getByText('10 checkpoints').waitFor()
    await page.getByRole('checkbox', { name: /^Select all/ }).check()
    await page.getByLabel('Select head_MNISTVal.safetensors').uncheck()
    await page.getByRole('button', { name: 'Merge…' }).click()
    await page.getByRole('heading', { name: 'Merge models' }).waitFor()
    await page.getByText('All tensors fit together.').waitFor()
    await welcome()
    await page.getByRole('button', { name: /^Merge my checkpoints/ }).click()
    await page.getByText('All tensors fit together.').waitFor() // as it was left
    await page.getByRole('button', { name: 'Start merge' }).click()
    const made = page.getByRole('region', { name: 'Merges' })
    await made.getByText('done', { exact: true }).waitFor()
    await made.getByRole('link', { name: 'task-arithmetic-of-8.safetensors' }).first().click()
    const parents = page.getByRole('region', { name: 'Parents, table' })
    await expect.poll(() => parents.getByRole('row').count()).toBe(1 + 1 + 8) // head, pre-trained, merged
    await page.getByLabel('How it was merged').getByText('Task arithmetic', { exact: true }).waitFor()
    expect(complaints).toEqual([])
  })
})
