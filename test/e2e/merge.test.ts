// Merging three tiny checkpoints without data in a real browser, by pointing: from the library to the page, a method
// among its cards, a slider under the plan, a reload, what does not fit, the start, and the row with its lineage.
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { checkpoint } from '../workbench/library/setting.ts'
import { commandOf } from '../workbench/scores/toys.ts'
import { accessible, type Basil, inBrowser, openPage, shot, startBasil, startBrowser, violations } from './basil.ts'
import { held } from './in-page.ts'

const sample = join(import.meta.dirname, '..', '..', 'resources', 'sample')
const models = ['pretrained', 'finetuned-mnist', 'finetuned-fashion'].map((name) => `${name}.safetensors`)

inBrowser('a merge in the window', () => {
  const folder = mkdtempSync(join(tmpdir(), 'basil-merge-'))
  let basil: Basil
  let browser: Browser
  let page: Page
  const complaints: string[] = []
  beforeAll(async () => {
    for (const name of models) copyFileSync(join(sample, name), join(folder, name))
    writeFileSync(join(folder, 'stranger.safetensors'), checkpoint(1))
    ;[basil, browser] = await Promise.all([startBasil(), startBrowser()])
    page = await openPage(browser, basil.url, complaints, { viewport: { width: 1280, height: 900 } })
  })
  afterAll(async () => {
    await browser?.close()
    await basil?.stop()
    rmSync(folder, { recursive: true })
  })
  const plan = () => page.getByRole('region', { name: 'Plan' })
  const start = () => page.getByRole('button', { name: 'Start merge' })

  it('takes the rows that were selected, by their roles', async () => {
    await page.getByRole('link', { name: 'Library', exact: true }).click()
    await page.getByRole('heading', { name: 'Library', level: 1 }).waitFor() // where the key means something
    await page.keyboard.press('Alt+a')
    await page.getByLabel('Paths').fill(folder)
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText('4 checkpoints').waitFor()
    await page
      .getByRole('row', { name: /pretrained/ })
      .getByText('pre-trained')
      .waitFor()
    for (const name of models) await page.getByLabel(`Select ${name}`).check()
    await page.getByRole('button', { name: 'Merge…' }).click()
    await page.getByRole('heading', { name: 'Merge models' }).waitFor()
    await plan().getByText('All tensors fit together.').waitFor()
    await plan().getByText('0.3 finetuned-fashion.safetensors + 0.3 finetuned-mnist.safetensors').waitFor()
  })

  it('shows which methods fit, and the plan of the one chosen as its slider moves', async () => {
    const slerp = page.getByRole('radio', { name: 'SLERP', exact: true })
    expect(await slerp.isEnabled()).toBe(true) // of two
    await page.getByLabel('Find a method').fill('elects a sign')
    await page.getByRole('radio', { name: 'TIES', exact: true }).check()
    await page.getByLabel('Find a method').fill('')
    await plan().getByText('1 TIES of 2').waitFor()
    await plan()
      .getByText(/TIES \(density 0\.2,/)
      .waitFor()
    const slider = page.getByRole('slider', { name: 'Density, slider' })
    for (let i = 0; i < 5; i++) await slider.press('ArrowRight')
    await plan()
      .getByText(/TIES \(density 0\.25,/)
      .waitFor()
    expect(await page.getByRole('textbox', { name: 'Density', exact: true }).inputValue()).toBe('0.25')
    await page.getByRole('slider', { name: /^Weight of finetuned-mnist.*slider$/ }).press('ArrowLeft')
    await plan()
      .getByText(/weights 1 and 0\.95/)
      .waitFor()
    await accessible(page, 'merge')
  })

  it('is the same after a reload', async () => {
    await page.reload()
    await plan()
      .getByText(/TIES \(density 0\.25,.*weights 1 and 0\.95/)
      .waitFor()
    expect(await page.getByRole('radio', { name: 'TIES', exact: true }).isChecked()).toBe(true)
  })

  it('says in place what is wrong, and what does not fit is refused with its reason', async () => {
    await page.getByRole('textbox', { name: 'Density', exact: true }).fill('7')
    await page.getByText('it has to be at most 1').waitFor()
    expect(await start().isDisabled()).toBe(true)
    await page.getByRole('button', { name: 'as the paper' }).click()
    await plan()
      .getByText(/TIES \(density 0\.2,/)
      .waitFor()
    await page.getByRole('button', { name: 'Choose the models to merge' }).click()
    await page.getByRole('checkbox', { name: 'Show all' }).check()
    await page.getByLabel('Choose stranger.safetensors').check()
    await page.getByRole('button', { name: 'Use 3' }).click()
    await page.getByText('It merges 2 models, and 3 are chosen.').first().waitFor()
    await plan()
      .getByText(/refused|lacks|has no/)
      .first()
      .waitFor()
    expect(await start().isDisabled()).toBe(true)
    await accessible(page, 'merge-refused')
    await page.getByRole('button', { name: 'Leave stranger.safetensors out' }).click()
    await plan().getByText('All tensors fit together.').waitFor()
  })

  it('becomes a job whose model is a row of the library, with its parents, method and parameters', async () => {
    await page.getByLabel('Name', { exact: true }).fill('both')
    await plan().getByText('both.safetensors').waitFor()
    await start().click()
    const made = page.getByRole('region', { name: 'Merges' })
    await made.getByText('done', { exact: true }).waitFor()
    expect(existsSync(join(basil.home, 'exports', 'both.safetensors'))).toBe(true)
    await made.getByRole('link', { name: 'both.safetensors' }).click()
    await page.getByText('Merged without a run: “1 TIES of 2”').waitFor()
    const how = page.getByLabel('How it was merged')
    await how.getByText('TIES', { exact: true }).waitFor()
    expect(await how.innerText()).toMatch(/Density\s+0\.2\s/)
    expect(await how.innerText()).toMatch(/Weights\s+1, 0\.95\s/)
    const parents = page.getByRole('region', { name: 'Parents, table' })
    for (const name of models) await parents.getByRole('link', { name }).waitFor()
    await accessible(page, 'merge-lineage')
  })

  it('looks for the best by scores of a program, marks it, and fills the form with it', async () => {
    await page.goto(`${new URL(basil.url).origin}/#/merge`)
    await page.getByRole('radio', { name: 'Task arithmetic', exact: true }).check()
    await page.getByText('Let a program of yours score').click()
    await page.getByText('Name the program that scores a model.').waitFor()
    await page.getByLabel('Program').fill(commandOf('two'))
    await page.getByLabel('Coefficient, values').fill('0.1:0.3:0.1')
    await page.getByLabel('Score that decides').fill('fit')
    await page.getByLabel('Scores are kept').selectOption('in a file I choose…')
    const dialog = page.getByRole('dialog', { name: 'Where scores are kept' })
    await dialog.getByLabel('Path, Enter goes there').fill(folder)
    await dialog.getByLabel('Path, Enter goes there').press('Enter') // wherever the dialog, opening, puts the focus
    await dialog.getByText('stranger.safetensors').waitFor() // the folder is read
    await dialog.getByLabel('File name').fill('kept.jsonl')
    await dialog.getByRole('button', { name: 'Choose', exact: true }).click()
    const log = join(folder, 'kept.jsonl')
    await expect.poll(() => page.getByLabel('Scores are kept').locator('option:checked').innerText()).toBe(log)
    await page.getByRole('button', { name: 'Start search' }).click()
    const searches = page.getByRole('region', { name: 'Searches', exact: true })
    await searches.getByText('The best is written').waitFor()
    const scored = page.getByRole('region', { name: 'Scored models' })
    for (const tried of ['the pre-trained model', 'coefficient 0.1', 'coefficient 0.2', 'coefficient 0.3'])
      await scored.getByText(tried, { exact: true }).waitFor()
    const best = scored.getByRole('row').filter({ hasText: 'best' })
    const coefficient = /coefficient ([\d.]+)/.exec(await best.innerText())?.[1]
    await searches.getByText(log).waitFor()
    await searches.getByRole('button', { name: 'Copy path' }).waitFor()
    expect(readFileSync(log, 'utf8')).toMatch(/^\{"basil":"scores","form":1\}\n/)
    await page.getByRole('button', { name: 'Use the best' }).click()
    await expect.poll(() => page.locator('#merge-lambda-0').inputValue()).toBe(coefficient)
    await page.setViewportSize({ width: 1000, height: 700 })
    await shot(page, 'search')
    expect(await violations(page)).toEqual([])
    await page.setViewportSize({ width: 1280, height: 900 })
    await page.reload() // what was typed is found again
    await expect.poll(() => page.getByLabel('Coefficient, values').inputValue()).toBe('0.1:0.3:0.1')
    await page.getByText('Let a program of yours score').click()
    await page.getByRole('button', { name: 'Start search' }).click() // of the same file: no model of before is scored again
    await searches.getByRole('combobox', { name: 'Which search' }).waitFor()
    await searches.getByText('The best is written').waitFor()
    await expect.poll(() => scored.getByText('as scored before').count()).toBeGreaterThanOrEqual(models.length)
  })

  it('opens a recipe of mergekit as a draft, says what became of every field, and merges it as it is written', async () => {
    const recipe = (lambda: string) => `merge_method: ties
base_model: pretrained.safetensors
models:
  - {model: finetuned-mnist.safetensors, parameters: {weight: 0.6}}
  - {model: finetuned-fashion.safetensors, parameters: {weight: [{filter: mlp, value: 0.2}, {value: 1}]}}
parameters: {density: 0.4, int8_mask: true, lambda: ${lambda}}
dtype: float32
`
    writeFileSync(join(folder, 'recipe.yaml'), recipe('0.9'))
    await page.goto(`${new URL(basil.url).origin}/#/`)
    await page.getByLabel('Or its path on this machine').fill(join(folder, 'recipe.yaml'))
    await page.getByRole('button', { name: 'Open', exact: true }).click()
    const told = page.getByRole('region', { name: 'From recipe.yaml, a recipe of mergekit' })
    await told.getByText('All of it is in this form').waitFor()
    await told.getByText('fields of the recipe').click()
    await told.getByText('without effect').waitFor()
    expect(await page.getByRole('textbox', { name: 'Density', exact: true }).inputValue()).toBe('0.4')
    await page.getByRole('button', { name: 'One for all: Weight of finetuned-fashion.safetensors' }).waitFor()
    await plan()
      .getByText(/TIES \(density 0\.4,.*"filter":"mlp"/)
      .waitFor()
    await plan().getByText('All tensors fit together.').waitFor()
    await accessible(page, 'from-mergekit')
    // dropped, with whole paths, and with something that the form has no place for
    const whole = recipe('[{filter: mlp, value: 0.2}, {value: 1}]').replaceAll(/[\w-]+\.safetensors/g, (name) =>
      join(folder, name),
    )
    await drop(page, 'dropped.yaml', whole)
    await page.getByText('1 field of it has no place in this form').waitFor()
    await page.getByRole('row', { name: /parameters\.lambda.*only as written/ }).waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Merge it as it is written' }).click()
    await page
      .getByRole('region', { name: 'Merges' })
      .getByRole('link', { name: 'ties-as-written.safetensors' })
      .waitFor()
    await drop(page, 'lost.yaml', recipe('1'))
    await page.getByText(/of a file that is dropped nobody knows the folder/i).waitFor()
    expect(complaints).toEqual([])
  })
})

/** A file let go above the window. */
async function drop(page: Page, name: string, text: string): Promise<void> {
  const dataTransfer = await page.evaluateHandle(held(name, Buffer.from(text)))
  await page.dispatchEvent('body', 'drop', { dataTransfer })
}
