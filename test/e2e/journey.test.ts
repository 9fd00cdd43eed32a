// One walk of a person with data, in a real browser on the real engine: learned twice from Welcome, the two compared,
// one exported and checked against its recipe; what the library's rows are asked to do with the same models; and what
// is let go over Welcome.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { inspect } from '../../src-main/worker/inspect.ts'
import { type Basil, inBrowser, shot, startBasil, startBrowser, violations } from './basil.ts'
import { mine } from './mine.ts'

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
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(basil.url)
  })
  afterAll(async () => {
    await shot(page, 'debug') // DEBUG
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
    await page.getByRole('button', { name: 'Stop and keep' }).waitFor() // live
    await page.getByRole('button', { name: 'Export model' }).waitFor() // over
    await page.getByRole('main').getByText('done', { exact: true }).waitFor()
  }

  it('learns with my data twice, compares the two, and exports one that follows its recipe', async () => {
    await page.getByLabel('Or its path on this machine').fill(folder)
    await page.keyboard.press('Enter')
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
    for (const name of ['Loss by step', 'Tasks']) {
      const drawn = page.getByRole('figure', { name, exact: true }).locator('canvas, svg').first()
      await expect.poll(async () => (await drawn.boundingBox())?.height ?? 0).toBeGreaterThan(50)
    }
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
    await page.getByText(/^It follows its recipe: 56 tensors, .* every byte as its parents give it\.$/).waitFor()
    expect(await violations(page)).toEqual([])
    await shot(page, 'journey-followed')

    const bytes = readFileSync(exported)
    writeFileSync(exported, bytes.with(-1, (bytes.at(-1) ?? 0) ^ 1))
    await page.reload()
    await press('Check it against its recipe')
    await page.getByText('The file is not what its recipe gives').waitFor()
    await page.getByText(/element \d+ is another than the recipe gives/).waitFor()
    writeFileSync(exported, bytes)
    expect(complaints).toEqual([])
  })
})
