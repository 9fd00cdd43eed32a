// What a person does first, from Welcome to the exported file, in a real browser on the real engine: open the sample,
// start DV-BASI on two of its tasks, watch accuracy climb iteration by iteration, find the run in the history, export
// it, and read the file back.
import { existsSync } from 'node:fs'

import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { inspect } from '../../src-main/worker/inspect.ts'
import { type Basil, inBrowser, npmStart, shot, startBasil, startBrowser } from './basil.ts'

inBrowser('the sample project', () => {
  let basil: Basil
  let browser: Browser
  let page: Page
  const complaints: string[] = []
  beforeAll(async () => {
    ;[basil, browser] = await Promise.all([startBasil(undefined, {}, npmStart), startBrowser()])
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
  })
  afterAll(async () => {
    await browser?.close()
    await basil?.stop()
  })

  async function accessible(where: string): Promise<void> {
    await page.evaluate(axe.source)
    const found = (await page.evaluate(
      'axe.run().then((r) => r.violations.map((v) => v.impact + ": " + v.id + " " + v.nodes[0].html))',
    )) as string[]
    expect([where, found.filter((v) => /^(serious|critical)/.test(v))]).toEqual([where, []])
  }

  it('goes from Welcome to the exported file', async () => {
    await page.goto(basil.url)
    await page.getByRole('button', { name: 'Open the sample project' }).click()
    await page.getByRole('heading', { name: 'Compose a run', level: 1 }).waitFor()
    await page.getByText('All files fit together.').waitFor()
    await accessible('compose')
    await shot(page, 'compose')
    for (const task of ['digits', 'emoji', 'glyphs'])
      await page.getByRole('switch', { name: `Use ${task}`, exact: true }).click()
    await page.getByText('All files fit together.').waitFor()

    await page.getByRole('button', { name: 'Start run' }).click()
    await page.getByRole('button', { name: 'Stop and keep' }).waitFor()
    await page.getByText(/On the validation split, mean relative accuracy/).waitFor()
    await page.getByRole('button', { name: 'Stop and keep' }).waitFor() // the curve is live: the run is still at work
    await page.getByText('Iteration 2').first().waitFor()
    await accessible('live')
    await shot(page, 'live')

    await page.getByRole('button', { name: 'Export model' }).waitFor()
    await page.getByRole('heading', { name: 'Accuracy on test data' }).waitFor()
    await accessible('report')
    await shot(page, 'report')

    await page.getByRole('link', { name: 'History', exact: true }).click()
    await page.getByRole('heading', { name: 'History', level: 1 }).waitFor()
    await accessible('history')
    await shot(page, 'history')
    await page
      .getByRole('link', { name: /Sample/ })
      .first()
      .click()

    await page.getByRole('button', { name: 'Export model' }).click()
    await page.getByText('verified').waitFor()
    await shot(page, 'exported')
    const shown = await page.content()
    const file = /[\w/.-]*exports\/[\w.-]+\.safetensors/.exec(shown)?.[0] ?? ''
    expect(existsSync(file)).toBe(true)
    const found = await inspect(file)
    expect(shown).toContain(found.sha256.slice(0, 8))
    expect(found).toMatchObject({ format: 'safetensors', role: 'merged', nonFinite: 0, layout: 'open_clip' })
    expect(JSON.parse(found.metadata['basil.recipe'] ?? '{}')).toMatchObject({
      method: 'dv-basi',
      pretrained: { name: 'pretrained.safetensors' },
    })

    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: /\.safetensors$/ }).click()
    expect((await inspect(await (await download).path())).sha256).toBe(found.sha256)
    expect(complaints).toEqual([])
  })

  it('shows the same in the dark, and a wrong value beside its field', async () => {
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.getByRole('link', { name: 'Compose', exact: true }).click()
    await page.getByLabel('Seed', { exact: true }).fill('-1')
    await page.locator('#field-seed-issue').waitFor()
    expect(await page.getByRole('button', { name: 'Start run' }).isDisabled()).toBe(true)
    await accessible('compose, dark')
    await shot(page, 'compose-dark')
    await page.getByRole('link', { name: 'Welcome', exact: true }).click()
    await page.getByRole('heading', { level: 1 }).waitFor()
    await accessible('welcome, dark')
    await shot(page, 'welcome-dark')
  })

  it('explains beside the form what is chosen, from its card', async () => {
    await page.emulateMedia({ colorScheme: 'light' })
    await page.getByRole('button', { name: 'Open the sample project' }).click()
    await page.getByRole('button', { name: 'Replace it' }).click() // what was written with a wrong value
    const method = (name: string) => page.getByRole('radio', { name, exact: true })
    await method('DV-BASI').check()
    await page.locator('summary', { hasText: /^DV-BASI$/ }).click()
    await page.getByText('Taking Steps Beyond Task Arithmetic via Difference Vectors. AAAI 2026').waitFor()
    await page.locator('summary', { hasText: /^aTLAS$/ }).waitFor() // its start
    await accessible('compose, explained')
    await shot(page, 'compose-explained')
    await method('TIES').check()
    await page.locator('summary', { hasText: /^TIES$/ }).waitFor()
    expect(await page.locator('summary', { hasText: 'DV-BASI' }).count()).toBe(0)
    expect(complaints).toEqual([])
  })
})
