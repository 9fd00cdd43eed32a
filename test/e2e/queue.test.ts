// A second run beside one at work, in a real browser: it waits, its page says for what and lets it be cancelled, and
// the next one begins by itself. The engine is the test double, the rest is real.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { toyEntry } from '../workbench/toy-run.ts'
import { accessible, type Basil, inBrowser, startBasil, startBrowser } from './basil.ts'

inBrowser('a run that waits', () => {
  const folder = mkdtempSync(join(tmpdir(), 'basil-queue-'))
  const until = join(folder, 'go on') // no epoch ends before it is there
  let basil: Basil
  let browser: Browser
  let page: Page
  beforeAll(async () => {
    ;[basil, browser] = await Promise.all([
      startBasil(undefined, { BASIL_ENGINE: toyEntry, TOY: JSON.stringify({ until }) }),
      startBrowser(),
    ])
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    await page.goto(basil.url)
  })
  afterAll(async () => {
    await browser?.close()
    await basil?.stop()
    rmSync(folder, { recursive: true })
  })

  async function start(): Promise<void> {
    await page.getByRole('link', { name: 'Compose', exact: true }).click()
    await page.getByRole('button', { name: 'Start run' }).click()
  }

  it('says what is before it, can be cancelled, and begins by itself', async () => {
    await page.getByRole('button', { name: 'Open the sample project' }).click()
    await page.getByRole('button', { name: 'Start run' }).click()
    await page.getByRole('button', { name: 'Stop and keep' }).waitFor()
    await start()
    await page.getByRole('heading', { name: /^Run 2/, level: 1 }).waitFor()
    await page.getByText('This run waits for its turn').waitFor()
    await page.getByRole('main').getByRole('link', { name: 'Run 1', exact: true }).waitFor()
    expect(await page.getByRole('button', { name: 'Run again with these settings' }).count()).toBe(0)
    await accessible(page, 'waiting')

    await page.getByRole('button', { name: 'Cancel run' }).click()
    await page.getByRole('button', { name: 'Yes, cancel this run' }).click()
    await page.getByRole('button', { name: 'Run again with these settings' }).waitFor()
    await page.getByText('cancelled', { exact: true }).waitFor()

    await start()
    await page.getByRole('heading', { name: /^Run 3/, level: 1 }).waitFor()
    await page.getByText('This run waits for its turn').waitFor()
    expect(await page.getByRole('main').getByRole('link', { name: 'Run 2', exact: true }).count()).toBe(0)
    await page.getByRole('link', { name: 'Run 1 is running' }).click()
    await page.getByRole('button', { name: 'Cancel run' }).click()
    await page.getByRole('button', { name: 'Yes, cancel this run' }).click()
    await page.getByRole('link', { name: 'Run 3 is running' }).click()
    await page.getByRole('button', { name: 'Stop and keep' }).waitFor()
  })

  it('so does an evaluation', async () => {
    await page.getByRole('button', { name: 'Stop and keep' }).click()
    writeFileSync(until, '')
    await page.getByRole('button', { name: 'Export model' }).waitFor()
    rmSync(until)
    await start()
    await page.getByRole('link', { name: 'Evaluations', exact: true }).click()
    await page.getByRole('button', { name: 'Evaluate', exact: true }).click()
    await page.getByText('This evaluation waits for its turn').waitFor()
    await page.getByRole('main').getByRole('link', { name: 'Run 4', exact: true }).waitFor()
    await accessible(page, 'waiting-evaluation')
    await page.getByRole('button', { name: 'Cancel evaluation' }).click()
    await page.getByText('The evaluation was ended').first().waitFor()
  })

  it('and what is over is cleared, and brought back', async () => {
    await page.getByRole('link', { name: 'Queue', exact: true }).click()
    const over = page.getByRole('region', { name: 'Finished jobs, table' }).getByRole('row')
    await over.nth(4).waitFor() // of three runs and the evaluation, under the header
    const rows = await over.allInnerTexts()
    await page.getByRole('button', { name: 'Clear finished' }).click()
    await page.getByText(`${rows.length - 1} finished jobs taken from the queue; what they made stays`).waitFor()
    await over.first().waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Undo' }).click()
    await over.first().waitFor()
    expect(await over.allInnerTexts()).toEqual(rows)
  })
})
