// One walk of a person with data, in a real browser on the real engine: learned twice from Welcome, the two compared,
// one exported and checked against its recipe; what the library's rows are asked to do with the same models; and what
// is let go over Welcome.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { inspect } from '../../src-main/worker/inspect.ts'
import { type Basil, inBrowser, openPage, shot, startBasil, startBrowser, violations } from './basil.ts'
import { mine } from './mine.ts'

/** Whether anything is drawn on a canvas. */
const inks = (canvas: unknown): boolean => {
  const { width, height, getContext } = canvas as Canvas
  const { data } = getContext.call(canvas, '2d').getImageData(0, 0, width, height)
  return data.some((value) => value !== 0)
}
interface Canvas {
  width: number
  height: number
  getContext(kind: '2d'): { getImageData(...box: number[]): { data: Uint8ClampedArray } }
}

inBrowser('from my data to a model', () => {
  const folder = mkdtempSync(join(tmpdir(), 'basil-journey-'))
  let basil: Basil
  let browser: Browser
  let page: Page
  let exported = ''
  const complaints: string[] = []
  beforeAll(async () => {
    await mine(folder)
    ;[basil, browser] = await Promise.all([startBasil(), startBrowser()])
    page = await openPage(browser, basil.url, complaints, { viewport: { width: 1440, height: 900 } })
  })
  afterAll(async () => {
    await browser?.close()
    await basil?.stop()
    rmSync(folder, { recursive: true })
  })

  const go = (name: string) => page.getByRole('link', { name, exact: true }).click()
  const press = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' }).click()
  const dialog = () => page.getByRole('dialog')
  const heading = (name: string | RegExp) => page.getByRole('heading', { name, level: 1 }).waitFor()
  const row = (name: string) => page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) })

  async function choose(what: string, model: string, use: string): Promise<void> {
    await press(what)
    await page.getByLabel(`Choose ${model}`).check()
    await press(use)
  }

  /** From Compose to its report. */
  async function learned(run: number): Promise<void> {
    await page.getByText('All files fit together.').waitFor()
    await press('Start run')
    await heading(new RegExp(`^Run ${run}: aTLAS of MNIST`))
    await page.getByRole('button', { name: 'Export model' }).waitFor() // over
    await page.getByRole('main').getByText('done', { exact: true }).waitFor()
  }

  it('learns with my data twice, compares the two, and exports one that follows its recipe', async () => {
    await page.getByLabel('Or its path on this machine').fill(folder)
    await page.getByLabel('Or its path on this machine').press('Enter')
    await press('Add it to the library and the data')
    await page.getByText('7 checkpoints').waitFor()
    await expect.poll(() => page.getByText(/hashing|reading/).count()).toBe(0)
    await go('Welcome')
    await press(/^Learn with my data/)
    await choose('Choose the pre-trained model', 'ViT-sample/zeroshot.safetensors', 'Use')
    await choose('Choose fine-tuned models', 'MNISTVal/finetuned.safetensors', 'Use 1')
    await press('Add the task of MNIST')
    await page.getByRole('radio', { name: 'aTLAS', exact: true }).check()
    await page.getByLabel('Epochs or steps', { exact: true }).selectOption('steps')
    await page.locator('#field-steps').fill('2')
    await learned(1)
    await press('Run again with these settings')
    await page.getByLabel('Seed', { exact: true }).fill('1')
    await learned(2)
    await heading('Run 2: aTLAS of MNIST, seed 1, steps 2') // a name nobody typed says what is so now

    await press('Compare with…')
    await dialog()
      .getByLabel(/Run 1: aTLAS of MNIST/)
      .check()
    await dialog().getByRole('button', { name: 'Compare', exact: true }).click()
    await heading('Compare runs')
    const differ = page.getByRole('region', { name: 'Settings that differ', exact: true })
    await differ.getByRole('rowheader').first().waitFor()
    expect(await differ.getByRole('rowheader').allInnerTexts()).toEqual(['seed'])
    for (const name of ['Mean accuracy by step', 'Loss by step', 'Tasks'])
      await expect
        .poll(() => page.getByRole('figure', { name, exact: true }).locator('canvas').evaluate(inks))
        .toBe(true)
    await shot(page, 'journey-compared')

    await page
      .getByRole('link', { name: /^Run 2: aTLAS/ })
      .first()
      .click()
    await press('Export model')
    await page.getByText('verified').waitFor()
    ;[exported = ''] = /\S+exports\S+\.safetensors\b/.exec(await page.getByLabel('Exported file').innerText()) ?? []
    expect(existsSync(exported)).toBe(true)
    expect(await inspect(exported)).toMatchObject({ role: 'merged', nonFinite: 0 })
    await press(/^Add to library/)
    await page.getByRole('link', { name: 'in the library' }).click()
    await press('Check it against its recipe')
    await page.getByText(/It follows its recipe: 56 tensors, .* every\s+byte as its parents give it/).waitFor()
    expect(await violations(page)).toEqual([])
    await shot(page, 'journey-followed')

    const bytes = readFileSync(exported)
    writeFileSync(exported, bytes.with(-1, (bytes.at(-1) ?? 0) ^ 1))
    await page.reload()
    await press('Check it against its recipe')
    await page.getByText('The file is not what its recipe gives').waitFor()
    await page.getByText(/Element \d+ is another than the recipe gives/).waitFor()
    writeFileSync(exported, bytes)
    expect(complaints).toEqual([])
  })

  it('does with a row of the library what its dialogs ask', async () => {
    await go('Library')
    await page.getByLabel('Group by').selectOption('none')
    const focus = async (name: string) => {
      await row(name).getByRole('link', { name, exact: true }).click()
      await page.getByRole('complementary', { name: 'Details' }).getByRole('heading', { name, exact: true }).waitFor()
    }
    const sound = async (where: string) => {
      await shot(page, `journey-${where}`)
      expect([where, await violations(page)]).toEqual([where, []])
    }
    await focus('finetuned-fashion.safetensors')
    await press('Compare with…')
    await dialog().getByLabel('Find a checkpoint to compare with').fill('emoji')
    await expect.poll(() => dialog().getByLabel('The other checkpoint').locator('option').count()).toBe(1)
    await sound('compare-with')
    await dialog().getByRole('button', { name: 'Compare', exact: true }).click()
    await page.getByText(/Of 56 shared tensors \d+ are equal/).waitFor()

    await go('Library')
    await focus('finetuned-fashion.safetensors')
    await press('Extract a LoRA…')
    await dialog().getByLabel('Rank').fill('0.2.')
    expect(await dialog().getByRole('button', { name: 'Extract' }).isDisabled()).toBe(true)
    await dialog().getByLabel('Rank').fill('2')
    await dialog().getByLabel('Modules').fill('c_fc, c_proj')
    await dialog().getByLabel('Named as in').selectOption('open_clip')
    await sound('lora')
    await dialog().getByRole('button', { name: 'Extract' }).click()
    await page.getByText(/The LoRA( will be made as|:) job \d+/).waitFor() // it may be done by then
    await page.getByRole('row').getByText('adapter', { exact: true }).first().waitFor()

    for (const name of ['emoji', 'glyphs']) await page.getByLabel(`Select finetuned-${name}.safetensors`).check()
    await press('Bases…')
    await dialog().getByLabel('How many').fill('1')
    await dialog().getByLabel('Found by').selectOption('pca')
    await sound('bases')
    await dialog().getByRole('button', { name: 'Find bases' }).click()
    await page.getByText(/The bases: job \d+ is done/).waitFor()
    await row('basis-1-of-1.safetensors').getByText('merged', { exact: true }).waitFor()

    await focus('finetuned-fashion.safetensors')
    await press('Evaluate…')
    await dialog().getByLabel('Images').selectOption('training')
    await expect.poll(() => dialog().getByLabel('Tasks of').locator('option').count()).toBe(2)
    await sound('evaluate')
    await dialog().getByRole('button', { name: 'Evaluate' }).click()
    await page.getByText('In brackets Wilson’s interval at 95 %.').waitFor()
    await page.getByRole('main').getByText('finetuned-fashion').first().waitFor()
    expect(complaints).toEqual([])
  })

  it('merges by what models do on images of their tasks', async () => {
    await go('Library')
    await press('Clear')
    for (const name of ['ViT-sample/zeroshot', 'finetuned-digits', 'MNISTVal/finetuned'])
      await page.getByLabel(`Select ${name}.safetensors`).check()
    await press('Merge…')
    await page.getByLabel('Find a method').fill('regmean')
    await page.getByRole('radio', { name: 'RegMean', exact: true }).check()
    const looking = page.getByRole('region', { name: 'Images it looks at' })
    for (const name of ['finetuned-digits.safetensors', 'MNISTVal/finetuned.safetensors']) {
      await looking.getByLabel(`Data set of ${name}`).selectOption({ label: 'MNIST' })
      await looking.getByLabel(`Split of ${name}`).selectOption('train')
    }
    await page.getByRole('region', { name: 'Plan' }).getByText('All tensors fit together.').waitFor()
    await shot(page, 'journey-image-merge')
    await press('Start merge')
    const made = page.getByRole('region', { name: 'Merges' })
    await made.getByText('done', { exact: true }).waitFor()
    await made
      .getByRole('link', { name: /\.safetensors$/ })
      .first()
      .click()
    await press('Check it against its recipe')
    await page.getByText(/It follows its recipe: /).waitFor()
    await go('Queue')
    await press('What was asked: Merge')
    await dialog().getByText('"regmean"').first().waitFor()
    await shot(page, 'journey-request')
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')
    expect(complaints).toEqual([])
  })

  /** Folders are left out: Chromium lets no page read one that came by this way. */
  it('takes files that are let go over Welcome, as the system gives them', async () => {
    const devtools = await page.context().newCDPSession(page)
    const drop = async (...files: string[]) => {
      await go('Welcome')
      const zone = await page.getByText(/Drop a checkpoint, a folder of them/).boundingBox()
      const [x, y] = [(zone?.x ?? 0) + 20, (zone?.y ?? 0) + 8]
      const data = { items: [], files, dragOperationsMask: 1 }
      for (const type of ['dragEnter', 'dragOver'] as const)
        await devtools.send('Input.dispatchDragEvent', { type, x, y, data })
      await page.getByText('Let go to add it').waitFor()
      await devtools.send('Input.dispatchDragEvent', { type: 'drop', x, y, data })
      await page.getByText('Let go to add it').waitFor({ state: 'detached' })
    }
    await drop(exported)
    await heading(/^Recipe of aTLAS-of-MNIST-seed-1/)
    await drop(join(folder, 'ViT-sample', 'finetuned-emoji.safetensors'))
    await heading('finetuned-emoji.safetensors')
    await drop(join(folder, 'digits/MNIST/raw/train-images-idx3-ubyte'))
    await heading('Data')
    const file = join(folder, 'mine.json')
    const at = (name: string) => join(folder, 'ViT-sample', name)
    const task = { name: 'MNIST', data: `${join(folder, 'digits')}#train`, head: at('head_MNISTVal.safetensors') }
    const models = { pretrained: at('zeroshot.safetensors'), vectors: [at('finetuned-emoji.safetensors')] }
    writeFileSync(file, JSON.stringify({ name: 'let go', method: 'atlas', ...models, tasks: [task] }))
    await drop(file)
    await heading('Compose a run')
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('let go')
    const study = join(folder, 'varied.json')
    const config = { method: 'atlas', ...models, tasks: [task] }
    writeFileSync(study, JSON.stringify({ name: 'varied', config, arms: [{ label: 'a' }], seeds: [7, 8] }))
    await drop(study)
    await page.getByRole('dialog', { name: 'Start a study' }).waitFor()
    await page.getByRole('status').getByText('2 runs:').waitFor()
    await page.keyboard.press('Escape')
    expect(complaints).toEqual([])
  })
})
