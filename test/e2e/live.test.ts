// The page of a run that goes on, in a real browser on the engine's double: one screen that stays where it is, the time
// that is left after a reload, coefficients of any look, and how much work a fast run makes for the window.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import type { Toy } from '../workbench/toy-faults.ts'
import { toyEntry, toyFile } from '../workbench/toy-run.ts'
import { type Basil, inBrowser, shot, startBasil, startBrowser } from './basil.ts'

inBrowser('a run that goes on', () => {
  const folder = mkdtempSync(join(tmpdir(), 'basil-live-'))
  const toy: Toy = { pulse: true, wait: 16 } // about fifty epochs a second
  let basil: Basil
  let browser: Browser
  let page: Page
  const complaints: string[] = []

  /** A configuration of so many epochs a stage. */
  function configured(name: string, epochs: number, iterations: number): string {
    const tasks = (toyFile.tasks ?? []).map((t) => ({ ...t, validation: t.data, test: t.data }))
    const file = join(folder, `${name}.json`)
    writeFileSync(
      file,
      JSON.stringify({
        ...toyFile,
        name,
        tasks,
        start: { method: 'atlas', epochs },
        iterations,
        epochs,
        patience: null,
      }),
    )
    return file
  }

  async function start(file: string): Promise<void> {
    await page.getByRole('link', { name: 'Welcome', exact: true }).click()
    await page.getByLabel('Path of a configuration').fill(file)
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Start run' }).click()
    await page.getByRole('button', { name: 'Stop and keep' }).waitFor()
  }

  const figure = (name: RegExp | string) => page.getByRole('figure', { name })
  const top = async (name: RegExp | string) => (await figure(name).boundingBox())?.y ?? Number.NaN

  beforeAll(async () => {
    ;[basil, browser] = await Promise.all([
      startBasil(undefined, { BASIL_ENGINE: toyEntry, TOY: JSON.stringify(toy) }),
      startBrowser(),
    ])
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(basil.url)
  })
  afterAll(async () => {
    await browser?.close()
    await basil?.stop()
    rmSync(folder, { recursive: true })
  })

  it('x', async () => {
    await start(configured('looks', 150, 3))
    await page
      .getByText(/Iteration 2 of 3/)
      .first()
      .waitFor()
    for (const scheme of ['light', 'dark'] as const)
      for (const [width, height] of [
        [1440, 900],
        [1000, 700],
      ] as const) {
        await page.emulateMedia({ colorScheme: scheme })
        await page.setViewportSize({ width, height })
        await page.screenshot({ path: `/tmp/live-shots/${scheme}-${width}.png` })
        await page.screenshot({ path: `/tmp/live-shots/${scheme}-${width}-full.png`, fullPage: true })
      }
    console.log(complaints)
  })
})
