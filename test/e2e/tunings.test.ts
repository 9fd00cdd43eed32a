// From a pre-trained tower to a merge without leaving the window, on the real engine: a data set, a head probed first,
// six steps, what is told meanwhile and afterwards, a whole set, and Compose with its models.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { mnistAt, petsAt } from '../workbench/data/miniatures.ts'
import { accessible, type Basil, inBrowser, openPage, shot, startBasil, startBrowser, violations } from './basil.ts'

const sample = join(import.meta.dirname, '..', '..', 'resources', 'sample')

inBrowser('fine-tuning in the window', () => {
  const models = mkdtempSync(join(tmpdir(), 'basil-tuned-models-'))
  const images = mkdtempSync(join(tmpdir(), 'basil-tuned-images-'))
  let basil: Basil
  let browser: Browser
  let page: Page
  const complaints: string[] = []
  beforeAll(async () => {
    for (const name of ['pretrained.safetensors', 'open_clip_config.json', 'finetuned-fashion.safetensors'])
      copyFileSync(join(sample, name), join(models, name))
    await petsAt(join(images, 'pets'))
    mnistAt(join(images, 'digits'))
    ;[basil, browser] = await Promise.all([startBasil(), startBrowser()])
    page = await openPage(browser, basil.url, complaints, { viewport: { width: 1440, height: 900 } })
  })
  afterAll(async () => {
    await browser?.close()
    await basil?.stop()
    for (const folder of [models, images]) rmSync(folder, { recursive: true })
  })
  const go = (address: string) => page.evaluate(`location.hash = '#${address}'`)
  const heading = (name: string | RegExp) => page.getByRole('heading', { name, level: 1 })
  const plan = () => page.getByRole('complementary', { name: 'Plan' })
  const add = async (address: string, title: string, path: string) => {
    await go(address)
    await heading(title).waitFor()
    await page.keyboard.press('Alt+a')
    await page.getByLabel('Paths').fill(path)
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  }

  it('begins from the data set, and says what has to be chosen', async () => {
    await add('/library', 'Library', models)
    await page.getByText('2 checkpoints').waitFor()
    await add('/data', 'Data', images)
    for (const read of ['MNIST: train 30, test 10', 'pets: train 20, test 6'])
      await page.getByRole('img', { name: read }).waitFor()
    await page.getByLabel('Select MNIST').check()
    await page.getByRole('button', { name: 'Fine-tune on it' }).click()
    await heading('Fine-tune').waitFor()
    await plan().getByText('Choose the pre-trained model.').waitFor()
    await plan().getByText('Choose or make a head for MNIST.').waitFor()
    await page.getByRole('button', { name: 'Choose the pre-trained model…' }).click()
    await page.getByLabel('Choose pretrained.safetensors').check()
    await page.getByRole('button', { name: 'Use', exact: true }).click()
  })

  it('probes first, and knows what it would take', async () => {
    await page.getByRole('button', { name: 'Probe first, on MNIST' }).click()
    await plan().getByText('All files fit together.').waitFor()
    await plan()
      .getByText(/never reaches its value|fewer than a batch/)
      .first()
      .waitFor()
    await page.getByLabel('Epochs or steps').selectOption('steps')
    await page.getByLabel('Steps', { exact: true }).fill('6')
    await page.getByLabel('Batch', { exact: true }).fill('8')
    await plan()
      .getByText(/It has 6 steps and warms up for 500/)
      .waitFor()
    await accessible(page, 'fine-tune')
    expect(await violations(page)).toEqual([])
    await page.setViewportSize({ width: 1000, height: 700 })
    await expect.poll(() => page.evaluate('document.documentElement.scrollWidth')).toBe(1000)
    await shot(page, 'fine-tune-1000')
    await page.setViewportSize({ width: 1440, height: 900 })
    await page.reload() // the draft is kept
    await plan().getByText('All files fit together.').waitFor()
    expect(await page.getByLabel('Steps', { exact: true }).inputValue()).toBe('6')
  })

  it('has a page as it goes, and ends with a model of the library', async () => {
    await page.getByRole('button', { name: 'Start fine-tuning' }).click()
    await heading('standard on MNIST').waitFor()
    await page.getByText('What came of it').waitFor()
    await page
      .getByRole('figure', { name: 'Loss' })
      .getByText(/at step 6/)
      .waitFor()
    await page.reload()
    await page.getByText('Fine-tuned, test').waitFor()
    await page
      .getByRole('link', { name: /MNIST-standard/ })
      .first()
      .waitFor()
    await accessible(page, 'tuning')
    expect(await violations(page)).toEqual([])
    await page.setViewportSize({ width: 1000, height: 700 })
    await expect.poll(() => page.evaluate('document.documentElement.scrollWidth')).toBe(1000)
    await shot(page, 'tuning-1000')
    await page.setViewportSize({ width: 1440, height: 900 })
    await go('/queue')
    await page.getByRole('link', { name: 'Fine-tuning 1' }).waitFor()
    await page.getByRole('link', { name: 'Fine-tuning 1' }).click()
    await page.getByRole('button', { name: 'Use settings again' }).click()
    await heading('Fine-tune').waitFor()
    expect(await page.getByLabel('Steps', { exact: true }).inputValue()).toBe('6')
  })

  it('a long one is followed over a reload, paused, goes on, and is stopped and kept', async () => {
    await page.getByLabel('Steps', { exact: true }).fill('40000') // no machine is through before the last click
    await page.getByRole('switch', { name: 'Expert' }).click()
    await page.getByLabel('Checkpoint every', { exact: true }).fill('20000') // nor at a state that it would pause after
    await page.getByRole('switch', { name: 'Expert' }).click()
    await plan().getByText('All files fit together.').waitFor()
    await page.getByRole('button', { name: 'Start fine-tuning' }).click()
    const progress = page.getByRole('region', { name: 'Progress' })
    await progress.getByText(/^[1-9]\d* of 40,000$/).waitFor()
    await page.reload()
    await progress.getByText(/^about \d/).waitFor()
    await progress.getByText(/images\/s/).waitFor()
    await accessible(page, 'tuning-live')
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Pause', exact: true }).click()
    await page.getByRole('button', { name: 'Pause now' }).click()
    await page.getByText('It goes on from its last kept state').waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    await progress.getByText(/ of 40,000$/).waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Let it run' }).click()
    await page.getByRole('button', { name: 'Stop here and write the model' }).click()
    await page.getByText('stopped, kept').waitFor()
    await page.getByText('It ended before its last step').waitFor()
  })

  it('its model is merged with another', async () => {
    await go('/library')
    for (const name of [/Select pretrained/, /Select finetuned-fashion/, 'Select MNIST-standard.safetensors'])
      await page.getByLabel(name).check()
    await page.getByRole('button', { name: 'Merge…' }).click()
    await page.getByRole('region', { name: 'Plan' }).getByText('All tensors fit together.').waitFor()
  })

  it('a whole set is a fine-tuning each, and goes on to Compose, linearised where its vectors are linear', async () => {
    await go('/fine-tune')
    await page.getByRole('button', { name: 'Others…' }).click()
    await page.getByLabel('Choose pets').check()
    await page.getByRole('button', { name: 'Use 2' }).click()
    await page.getByRole('radio', { name: 'Linear', exact: true }).check()
    await page.getByRole('button', { name: 'Probe first, on pets' }).click()
    await page.getByLabel('Steps', { exact: true }).fill('2')
    await plan().getByText('All files fit together.').waitFor()
    await page.getByRole('button', { name: 'Start fine-tuning' }).click()
    await page.getByText('2 of 2 have a model').waitFor()
    await accessible(page, 'tuning-set')
    await page.getByRole('button', { name: 'Merge them without data' }).click()
    await heading('Merge models').waitFor()
    await page.goBack()
    await page.getByRole('button', { name: 'Merge them', exact: true }).click()
    await heading('Compose a run').waitFor()
    await page.getByText('MNIST-linear.safetensors').first().waitFor()
    await page.getByText('pets-linear.safetensors').first().waitFor()
  })

  it('all are listed, found by words, sorted, and forgotten with undo', async () => {
    await go('/tunings')
    await page.getByText('4 fine-tunings').waitFor()
    await page.getByLabel('Find a fine-tuning').fill('linear pets')
    await page.getByText('1 of 4').waitFor()
    await page.getByRole('button', { name: /^Forget fine-tuning/ }).click()
    await page.getByText('0 of 3').waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByLabel('Find a fine-tuning').fill('')
    await page.getByText('4 fine-tunings').waitFor()
    await page.getByRole('button', { name: 'Accuracy' }).click()
    await accessible(page, 'tunings')
    expect(complaints).toEqual([])
  })
})
