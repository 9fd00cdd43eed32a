// A run's report, charts that are read, zoomed, pinned and saved, runs beside each other, and lineage, in a real
// browser. The engine is the test double, the rest is real.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { openWorkbench } from '../../src-main/workbench/workbench.ts'
import { toyEngine } from '../workbench/toy.ts'
import { toyConfig, toyEntry } from '../workbench/toy-run.ts'
import { type Basil, inBrowser, openPage, shot, startBasil, startBrowser, violations } from './basil.ts'

const runs = 20

/** As many runs of the toy as the budget of opening them speaks of. */
async function kept(home: string): Promise<void> {
  const workbench = await openWorkbench({
    home,
    resources: home,
    engine: (environment) => toyEngine({}, environment),
    write: true,
  })
  for (let seed = 0; seed < runs; seed++) {
    const run = await workbench.runs.start(toyConfig({ seed, name: `toy, seed ${seed}` }))
    for await (const _ of workbench.runs.watch(run));
  }
  await workbench.close()
}

inBrowser('runs that are over', () => {
  const home = mkdtempSync(join(tmpdir(), 'basil-runs-'))
  let basil: Basil
  let browser: Browser
  let page: Page
  const complaints: string[] = []
  beforeAll(async () => {
    await kept(home)
    ;[basil, browser] = await Promise.all([startBasil(home, { BASIL_ENGINE: toyEntry }), startBrowser()])
    page = await openPage(browser, basil.url, complaints, { viewport: { width: 1440, height: 900 } })
  })
  afterAll(async () => {
    await browser?.close()
    await basil?.stop()
    rmSync(home, { recursive: true, force: true })
  })

  /** axe finds nothing of any weight, light and dark, and the page does not scroll sideways in a narrow window. */
  async function sound(where: string): Promise<void> {
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme })
      await shot(page, colorScheme === 'light' ? where : `${where}-dark`)
      const found = await violations(page)
      expect([where, colorScheme, found]).toEqual([where, colorScheme, []])
    }
    await page.setViewportSize({ width: 1000, height: 700 })
    await shot(page, `${where}-narrow`)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(1000)
    await page.setViewportSize({ width: 1440, height: 900 })
  }

  const open = (address: string) => page.evaluate(`location.hash = ${JSON.stringify(address)}`)
  const chart = (name: string) => page.getByRole('figure', { name, exact: true })
  async function saved(press: () => Promise<void>): Promise<{ name: string; bytes: Buffer }> {
    const [download] = await Promise.all([page.waitForEvent('download'), press()])
    return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) }
  }

  it('has a report whose charts are read by pointer and keys, zoomed, pinned in all, and smoothed for good', async () => {
    await open('#/run/1')
    await page.getByRole('heading', { name: /^Run 1:/, level: 1 }).waitFor()
    await chart('Loss by step').waitFor()
    await sound('report')
    const loss = chart('Loss by step').getByRole('slider').first()
    await loss.focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    expect(await loss.getAttribute('aria-valuetext')).toMatch(/^step \d+: Start/)
    await page.keyboard.press('Enter')
    await expect.poll(() => page.getByRole('list', { name: 'Pinned places' }).count()).toBe(2) // in both charts of steps
    await page.keyboard.press('+')
    await chart('Loss by step').getByRole('button', { name: 'Reset zoom' }).click()
    const accuracy = chart('Accuracy by step').getByRole('slider').first()
    const at = (await accuracy.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 }
    await page.mouse.move(at.x + at.width * 0.3, at.y + 80)
    await page.mouse.down()
    await page.mouse.move(at.x + at.width * 0.6, at.y + 80, { steps: 4 })
    await page.mouse.up()
    await shot(page, 'report-read')
    await chart('Accuracy by step').getByRole('button', { name: 'Reset zoom' }).click()

    await page.getByRole('button', { name: 'Options of Loss by step' }).click()
    const smoothing = chart('Loss by step').getByLabel('Smoothing')
    expect(await smoothing.inputValue()).toBe('0.8')
    await chart('Loss by step').getByLabel('Log y').check()
    await smoothing.fill('0.5')
    await shot(page, 'report-options')
    await open('#/run/2')
    await page.getByRole('heading', { name: /^Run 2:/, level: 1 }).waitFor()
    await page.getByRole('button', { name: 'Options of Loss by step' }).click()
    expect(await chart('Loss by step').getByLabel('Smoothing').inputValue()).toBe('0.5')
    expect(await chart('Loss by step').getByLabel('Log y').isChecked()).toBe(true)
  })

  it('gives every chart as a picture, as vectors and as values, and the whole run as one page', async () => {
    await open('#/run/1')
    await page.getByRole('heading', { name: /^Run 1:/, level: 1 }).waitFor()
    const within = chart('Accuracy by step')
    await page.getByRole('button', { name: 'Options of Accuracy by step' }).click()
    const save = (name: string) => saved(() => within.getByRole('button', { name, exact: true }).click())
    const png = await save('PNG')
    expect(png.name).toBe('accuracy-by-step.png')
    expect(png.bytes.subarray(1, 4).toString()).toBe('PNG')
    expect(png.bytes.readUInt32BE(16)).toBeGreaterThan(1000) // twice the pixels
    const svg = await save('SVG')
    expect(svg.bytes.toString()).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[\s\S]*<path [\s\S]*<\/svg>$/)
    const paper = await save('SVG, as figure 2a')
    expect(paper.bytes.toString()).toContain('Times New Roman')
    const csv = await save('CSV')
    expect(csv.bytes.toString()).toMatch(/^Stage,Step,/)
    const folder = join(import.meta.dirname, '..', '..', 'test-results')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'figure-2a.svg'), paper.bytes)
    writeFileSync(join(folder, 'accuracy.png'), png.bytes)
    const series = await saved(() => page.getByRole('button', { name: 'All series as CSV' }).click())
    expect(series.bytes.toString()).toMatch(/^chart,series,x,y\r\nAccuracy by step,Start,0,/)

    const report = await saved(() => page.getByRole('button', { name: 'Save report' }).click())
    expect(report.name).toBe('run-1.html')
    const file = join(folder, 'run-1.html')
    writeFileSync(file, report.bytes)
    const alone = await browser.newPage({ viewport: { width: 1200, height: 900 } })
    const asked: string[] = []
    alone.on('request', (request) => asked.push(request.url()))
    alone.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    await alone.goto(`file://${file}`)
    await alone.getByRole('heading', { name: 'Run 1: toy, seed 0', level: 1 }).waitFor()
    await shot(alone, 'saved-report')
    expect(asked).toEqual([`file://${file}`])
    await alone.close()
  })

  it('is set beside another from its report', async () => {
    await open('#/run/3')
    await page.getByRole('heading', { name: /^Run 3:/, level: 1 }).waitFor()
    await page.getByRole('button', { name: 'Compare with…' }).click()
    await page.getByLabel('Run 2: toy, seed 1').check()
    await page.getByLabel('Run 5: toy, seed 4').check()
    await shot(page, 'compare-with')
    await page.getByRole('button', { name: 'Compare 3 runs' }).click()
    await page.getByRole('heading', { name: 'Compare runs', level: 1 }).waitFor()
    await page.getByRole('rowheader', { name: 'seed', exact: true }).waitFor()
    await page.getByText(/Run 2 against run 3: /).waitFor()
    await page.getByLabel('Curves over').selectOption('epoch')
    await chart('Loss by epoch').waitFor()
    await sound('compare-runs')
    await page.getByRole('checkbox', { name: /Coefficients as differences/ }).check()
    await chart('Coefficients, minus those of run 3').waitFor()
  })

  it('opens twenty at once; how long that takes is printed', async () => {
    const address = `#/runs/compare/${Array.from({ length: runs }, (_, i) => i + 1).join(',')}`
    const times: number[] = []
    for (let i = 0; i < 10; i++) {
      await open('#/history')
      await page.getByRole('heading', { name: 'History', level: 1 }).waitFor()
      times.push(
        await page.evaluate<number>(`new Promise((resolve) => {
          const began = performance.now()
          location.hash = ${JSON.stringify(address)}
          const look = () => {
            const keys = [...document.querySelectorAll('figure')].map((one) => one.querySelectorAll('.swatch').length)
            if (keys.some((count) => count >= ${runs})) resolve(performance.now() - began)
            else requestAnimationFrame(look)
          }
          look()
        })`),
      )
    }
    const sorted = times.sort((a, b) => a - b).map(Math.round)
    console.log(`Opening 20 runs' curves: median ${sorted[4]} ms, p95 ${sorted[9]} ms (bar 500 ms)`)
    expect(await chart('Loss by epoch').getByText('Run 20: toy, seed 19').count()).toBeGreaterThan(0)
  })

  it('has a lineage that is drawn and listed, each of it a link', async () => {
    await open('#/run/1')
    await page.getByRole('button', { name: 'Show lineage' }).click()
    await page.getByRole('heading', { name: /^Lineage of run 1$/, level: 1 }).waitFor()
    await page.getByRole('group', { name: /3 models and 1 run/ }).waitFor()
    await page.getByText('file missing').first().waitFor()
    await sound('lineage')
    await page
      .getByRole('group', { name: /3 models and 1 run/ })
      .getByRole('link', { name: /^Run 1/ })
      .focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: /^Run 1:/, level: 1 }).waitFor()
    await open('#/history')
    await page.getByLabel('Select run 1', { exact: true }).check()
    await page.getByRole('button', { name: 'Show its lineage' }).click()
    await page.getByRole('heading', { name: /^Lineage of run 1$/, level: 1 }).waitFor()
    expect(complaints).toEqual([])
  })
})
