// Data sets in a real browser, on real files: adding, splits, pictures that load, planted leaks found, a folder that
// goes, and a run whose tasks come from what was added.
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { openSource } from '../../src-main/files/source.ts'
import { written } from '../engine/formats/bytes.ts'
import { mnistAt, petsAt } from '../workbench/data/miniatures.ts'
import { accessible, type Basil, inBrowser, openPage, shot, startBasil, startBrowser, violations } from './basil.ts'

const sample = join(import.meta.dirname, '../../resources/sample')

/** The sample's models and its head of mnist, as the field lays them out. */
async function modelsAt(folder: string): Promise<void> {
  mkdirSync(join(folder, 'MNISTVal'), { recursive: true })
  copyFileSync(join(sample, 'pretrained.safetensors'), join(folder, 'zeroshot.safetensors'))
  copyFileSync(join(sample, 'finetuned-mnist.safetensors'), join(folder, 'MNISTVal/finetuned.safetensors'))
  const source = await openSource(join(sample, 'tasks.safetensors'))
  const file = await openTensorFile(source)
  const { dtype, shape } = file.tensors.get('head.mnist') as { dtype: 'F32'; shape: number[] }
  const head = { name: 'head.MNIST', dtype, shape, bytes: await file.read('head.mnist') }
  writeFileSync(join(folder, 'head_MNISTVal.safetensors'), await written([head]))
  await source.close()
}

inBrowser('data sets', () => {
  const folder = mkdtempSync(join(tmpdir(), 'basil-images-'))
  const models = mkdtempSync(join(tmpdir(), 'basil-models-'))
  let basil: Basil
  let browser: Browser
  let page: Page
  const complaints: string[] = []
  beforeAll(async () => {
    await petsAt(join(folder, 'pets'))
    mnistAt(join(folder, 'digits'))
    await modelsAt(join(models, 'ViT-sample'))
    ;[basil, browser] = await Promise.all([startBasil(), startBrowser()])
    page = await openPage(browser, basil.url, complaints, { viewport: { width: 1280, height: 800 } })
  })
  afterAll(async () => {
    await browser?.close()
    await basil?.stop()
    for (const made of [folder, models]) rmSync(made, { recursive: true })
  })

  const toData = () => page.getByRole('link', { name: 'Data', exact: true }).click()
  const row = (name: string) => page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) })
  const section = (name: string) => page.getByRole('region', { name, exact: true })

  it('takes a folder that holds several data sets, each a row with its splits and classes', async () => {
    await toData()
    await page.getByText('No data yet.').waitFor()
    await page.keyboard.press('Alt+a')
    await page.getByLabel('Paths').fill(folder)
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await row('MNIST').getByRole('img', { name: 'MNIST: train 30, test 10' }).waitFor()
    await row('pets').getByRole('img', { name: 'pets: train 20, test 6' }).waitFor()
    await row('pets').getByText('1 left out').waitFor()
    await page.getByText('2 data sets').waitFor()
    await accessible(page, 'data')
  })

  it('shows splits with their hashes, and pictures of a class that really load', async () => {
    await page.getByRole('link', { name: 'pets', exact: true }).click()
    await page.getByRole('img', { name: 'As the field draws it: field-train 18, field-val 2, field-test 6' }).waitFor()
    await page.getByText('by torch.random_split with seed 0').first().waitFor()
    await page.getByRole('row', { name: 'test 1 .heic, a kind that is not read dog/3.heic' }).waitFor()
    await page.getByLabel('How many').fill('2')
    await page.getByRole('button', { name: 'Draw' }).click()
    await page.getByText('2 images a class, seed 0').waitFor()
    await page.getByLabel('Class shown').selectOption('dog (10)')
    const pictures = section('Images').getByRole('img')
    // those of every class, where they have come by now, go first
    await section('Images').getByRole('img', { name: /cat$/ }).first().waitFor({ state: 'detached' })
    await expect.poll(() => pictures.count()).toBe(10)
    await pictures.last().scrollIntoViewIfNeeded()
    await expect
      .poll(() =>
        pictures.evaluateAll((all) => all.map((one) => (one as unknown as { naturalWidth: number }).naturalWidth)),
      )
      .toEqual(Array(10).fill(112))
    await accessible(page, 'data-set')
    expect(await violations(page)).toEqual([]) // of any impact: header cells have names (bug 19)
  })

  it('finds the twins that were planted, shows them side by side, and lists what cannot be read', async () => {
    await page.getByLabel('Size', { exact: true }).selectOption('32 pixels')
    await page.getByRole('button', { name: 'Look for leaks' }).click()
    await page.getByText('2 images are in two splits').waitFor()
    await page.getByRole('img', { name: '3.png, cat' }).last().waitFor()
    await page.getByText('alike', { exact: true }).waitFor()
    await section('Unreadable images, table').getByText('dog/2.png').waitFor()
    await accessible(page, 'data-leaks')
    await toData()
    await row('pets').getByText('2 leaks').waitFor()
  })

  it('marks a folder that is gone, keeps what was known, and has it again when it is back', async () => {
    renameSync(join(folder, 'pets'), join(folder, 'away'))
    await page.getByRole('button', { name: 'Look at all data again' }).click()
    await row('pets')
      .getByRole('button', { name: /missing/ })
      .click()
    await page.getByText('There is nothing at this place.').waitFor()
    await accessible(page, 'data-missing')
    renameSync(join(folder, 'away'), join(folder, 'pets'))
    await page.getByRole('button', { name: 'Look at all data again' }).click()
    await row('pets').getByText('present').waitFor()
    expect(complaints).toEqual([])
  })

  it('gives a whole run its files: a set of the library, the data set of its name, no path typed', async () => {
    await page.getByRole('link', { name: 'Library', exact: true }).click()
    await page.getByRole('heading', { name: 'Library', level: 1 }).waitFor() // where the key means something
    await page.keyboard.press('Alt+a')
    await page.getByLabel('Paths').fill(models)
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByRole('button', { name: 'Use this set: ViT-sample' }).click()
    await page.getByText('What is missing: data.').waitFor()
    await shot(page, 'compose-models')
    await page.getByRole('button', { name: 'Add the task of MNIST' }).click()
    await page.getByText('field-val?half=1&seed=0').waitFor()
    await page.getByText('All files fit together.').waitFor()
    await page.getByRole('button', { name: 'Add a task from a data set…' }).click()
    await page.getByLabel('Choose pets').check()
    await page.getByLabel('Splits', { exact: true }).selectOption('Choose the splits')
    await page.getByLabel('Learn on').selectOption('train')
    await page.getByLabel('Images of each class').fill('4')
    await page.getByText('train?shots=4&seed=0').waitFor()
    await accessible(page, 'compose-add-task')
    await page.getByRole('dialog').getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByRole('switch', { name: 'Use pets', exact: true }).waitFor()
    await page.getByText('head: ').first().waitFor() // it has none yet
    await page.getByRole('switch', { name: 'Use pets', exact: true }).click()
    await page.getByText('All files fit together.').waitFor()
    await accessible(page, 'compose-data')
    expect(complaints).toEqual([])
  })

  it('marks a run whose test images it has selected by, in every table', async () => {
    await page.getByRole('button', { name: 'Add a task from a data set…' }).click()
    await page.getByLabel('Choose MNIST').check()
    await page.getByLabel('Splits', { exact: true }).selectOption('Choose the splits')
    await page.getByLabel('Test on').selectOption('field-val')
    await page.getByText('Test images are used before the test.').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByRole('radio', { name: 'aTLAS', exact: true }).check()
    await page.getByLabel('Epochs or steps', { exact: true }).selectOption('steps')
    await page.locator('#field-steps').fill('1')
    await page.getByText('All files fit together.').waitFor()
    await page.getByRole('button', { name: 'Start run' }).click()
    await page.getByText('test images seen: 3 of 3 test images of MNIST are validation images too').waitFor()
    await section('Splits of the run, table').getByText('by torch.random_split').first().waitFor()
    await accessible(page, 'run-leaked')
    await page.getByRole('link', { name: 'History', exact: true }).click()
    await page.getByRole('row').filter({ hasText: 'MNIST' }).getByText('test images seen').waitFor()
  })

  it('measures its model: interval, confusion, calibration and images that it has wrong', async () => {
    await page.getByRole('link', { name: 'Evaluations', exact: true }).click()
    await page.getByRole('button', { name: 'Evaluate', exact: true }).click()
    await page.getByText('In brackets Wilson’s interval at 95 %.').waitFor()
    await page.getByRole('img', { name: /^Reliability of MNIST/ }).waitFor()
    await page.getByRole('slider', { name: /Confusion of MNIST/ }).waitFor()
    const wrong = page.getByRole('img', { name: /taken for/ })
    await expect
      .poll(() =>
        wrong.evaluateAll((all) => all.map((one) => (one as unknown as { naturalWidth: number }).naturalWidth > 0)),
      )
      .toContain(true)
    await accessible(page, 'evaluation')
    await page.getByRole('button', { name: 'Save as HTML…' }).click()
    await page.getByText(/evaluation-1.*\.html/).waitFor()
    await page.getByRole('link', { name: 'Evaluations', exact: true }).click()
    await accessible(page, 'evaluations')
    expect(complaints).toEqual([])
  })

  it('makes a head of a data set’s class names, and says why it cannot', async () => {
    await toData()
    await page.getByRole('link', { name: 'pets', exact: true }).click()
    await page.getByRole('button', { name: 'Make a head from its class names…' }).click()
    expect(await page.getByLabel('Names, one a line, in the order of the labels').inputValue()).toBe('cat\ndog')
    await accessible(page, 'make-head')
    await page
      .getByRole('dialog')
      .getByText(/not offered: (it has|they have) an image tower alone, which reads no words/)
      .waitFor()
    expect(await page.getByRole('button', { name: 'Make', exact: true }).isDisabled()).toBe(true)
    await page.getByLabel('How', { exact: true }).selectOption('From another program’s head')
    await page.getByLabel('Name of the head').fill('digits')
    await page.getByLabel('File with a head').selectOption({ index: 0 })
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByText('Written, and verified by reading it back.').waitFor()
    expect(complaints).toEqual([])
  })
})
