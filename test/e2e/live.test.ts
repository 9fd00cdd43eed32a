// The page of a run that goes on, in a real browser on the engine's double: one screen that stays where it is, the time
// that is left after a reload, coefficients of any look, and how much work a fast run and many runs make for the
// window.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Browser, CDPSession, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import type { Toy } from '../workbench/toy-faults.ts'
import { toyEntry, toyFile } from '../workbench/toy-run.ts'
import { type Basil, inBrowser, openPage, shot, startBasil, startBrowser, violations } from './basil.ts'
import { frameWork, opening } from './in-page.ts'
import { putRuns } from './many-runs.ts'

const short = 200 // runs in the history
const fast = { epochs: 300, stages: 4 } // as fast as they come, after a start of fifty a second that ends when it may
const slow = 600 // epochs of the start

interface Snapshot {
  snapshot: { meta: { node_fields: string[]; node_types: [string[]] } }
  nodes: number[]
}

function bytesIn({ snapshot: { meta }, nodes }: Snapshot): number {
  const [type, size] = [meta.node_fields.indexOf('type'), meta.node_fields.indexOf('self_size')]
  const code = meta.node_types[0].indexOf('code')
  let bytes = 0
  for (let at = 0; at < nodes.length; at += meta.node_fields.length)
    if (nodes[at + type] !== code) bytes += nodes[at + size] ?? 0
  return bytes
}

inBrowser('a run that goes on', () => {
  const folder = mkdtempSync(join(tmpdir(), 'basil-live-'))
  const home = join(folder, 'home')
  const begins = join(folder, 'begins') // no epoch ends before this is there
  const goesOn = join(folder, 'goes-on') // the last epoch of the start ends when this is there
  const toy: Toy = { pulse: true, wait: [15], until: begins, holds: { stage: 0, epoch: slow, until: goesOn } }
  let basil: Basil
  let browser: Browser
  let page: Page
  let devtools: CDPSession
  const complaints: string[] = []

  /** Bytes that the page's scripts hold, after all that is garbage is gone. */
  async function held(): Promise<number> {
    for (let i = 0; i < 3; i++) await devtools.send('HeapProfiler.collectGarbage')
    return (await devtools.send('Runtime.getHeapUsage')).usedSize
  }
  /**
   * What the page keeps when all that is garbage is gone: nodes, listeners, and bytes without compiled code, of which
   * there is the more the longer anything runs.
   */
  async function kept() {
    for (let i = 0; i < 3; i++) await devtools.send('HeapProfiler.collectGarbage')
    const chunks: string[] = []
    const hear = ({ chunk }: { chunk: string }) => void chunks.push(chunk)
    devtools.on('HeapProfiler.addHeapSnapshotChunk', hear)
    await devtools.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
    devtools.off('HeapProfiler.addHeapSnapshotChunk', hear)
    const { nodes, jsEventListeners: listeners } = await devtools.send('Memory.getDOMCounters')
    return { nodes, listeners, bytes: bytesIn(JSON.parse(chunks.join(''))) }
  }
  const MiB = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`

  beforeAll(async () => {
    mkdirSync(home)
    await putRuns(home, short)
    ;[basil, browser] = await Promise.all([
      startBasil(home, { BASIL_ENGINE: toyEntry, TOY: JSON.stringify(toy) }),
      startBrowser(),
    ])
    page = await openPage(browser, basil.url, complaints, { viewport: { width: 1440, height: 900 } })
    devtools = await page.context().newCDPSession(page)
  })
  afterAll(async () => {
    await browser?.close()
    await basil?.stop()
    rmSync(folder, { recursive: true })
  })

  const figure = (name: RegExp | string) => page.getByRole('figure', { name })
  const left = () => page.getByText(/^about (\d+ (d|h|min|s) ?)+$/).first()

  it('opens many runs one after the other and keeps nothing of them', async () => {
    await page.evaluate(opening(1, 10)) // code that is loaded once, and what is remembered of pages
    const before = await kept()
    await page.evaluate(opening(1, short))
    const after = await kept()
    console.log(`after opening ${short} runs the page holds ${MiB(after.bytes)}, before ${MiB(before.bytes)}`)
    expect(after.bytes).toBeLessThan(1.1 * before.bytes)
    // What a page shows differs by a few nodes; what is kept of a run would be one of each, or more, a run.
    expect(after.nodes - before.nodes).toBeLessThan(short)
    expect(after.listeners - before.listeners).toBeLessThan(short)
    expect(complaints).toEqual([])
  })

  it('draws while fifty updates a second come in', async () => {
    const tasks = (toyFile.tasks ?? []).map((t) => ({ ...t, validation: t.data, test: t.data }))
    const start = { method: 'atlas', epochs: slow }
    const config = { ...toyFile, name: 'live', tasks, start, iterations: fast.stages, epochs: fast.epochs }
    writeFileSync(join(folder, 'live.json'), JSON.stringify(config))
    await page.getByRole('link', { name: 'Welcome', exact: true }).click()
    await page.getByLabel('Or its path on this machine').fill(join(folder, 'live.json'))
    await page.getByLabel('Or its path on this machine').press('Enter')
    await page.getByRole('button', { name: 'Start run' }).click()
    writeFileSync(begins, '')
    await page.getByText(/^Epoch \d{2,} of 600/).waitFor()
    rmSync(begins)
    const told = async () => Number(/^Epoch (\d+)/.exec(await page.getByText(/^Epoch \d+ of 600/).innerText())?.[1])
    const top = async () => (await figure('Accuracy by step').boundingBox())?.y ?? Number.NaN
    const first = await told()
    const places = [await top()]
    writeFileSync(begins, '')
    const { frames, seconds } = await page.evaluate<{ frames: number[]; seconds: number }>(frameWork(300))
    places.push(await top())
    const updates = (await told()) - first
    const sorted = frames.toSorted((a, b) => a - b)
    const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1)
    console.log(`${updates} updates in ${seconds.toFixed(1)} s; work of a frame: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms`)
    expect(new Set(places).size).toBe(1) // nothing above it has grown
    expect(updates).toBeGreaterThan(20)
  })

  it('shows progress, buttons and curves on one screen, and folds the rest below', async () => {
    for (const name of ['Accuracy by step', 'Loss by step', 'Norm of the gradient', 'Path of the coefficients']) {
      const box = await figure(name).boundingBox()
      expect([name, (box?.y ?? 900) + (box?.height ?? 0) <= 900]).toEqual([name, true])
    }
    await page
      .getByText(/steps\/s$/)
      .first()
      .waitFor()
    await page.getByText(/1\.00 MiB of 1\.00 GiB/).waitFor() // the device's memory, as its engine knows it
    expect(await page.locator('progress, [role=progressbar]').first().getAttribute('aria-valuenow')).toMatch(/^\d+$/)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      for (const [width, height] of [
        [1440, 900],
        [1000, 700],
      ] as const) {
        await page.setViewportSize({ width, height })
        await shot(page, `live-${colorScheme}-${width}`)
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
      }
      const found = await violations(page)
      expect([colorScheme, found]).toEqual([colorScheme, []])
    }
    await page.emulateMedia({ colorScheme: 'light' })
    await page.setViewportSize({ width: 1440, height: 900 })
  })

  it('knows the time that is left after the page was left, and after a reload', async () => {
    await left().waitFor()
    await page.getByRole('link', { name: 'Library', exact: true }).click()
    await page.getByRole('heading', { name: 'Library', level: 1 }).waitFor()
    await page.getByRole('link', { name: /^Run 201/ }).click()
    await left().waitFor()
    await page.reload()
    await left().waitFor()
    await page.getByRole('region', { name: 'What happened' }).getByText('The start began, toy: up to 600').waitFor()
    const drawn = figure('Norm of the gradient').getByRole('slider')
    await expect.poll(() => drawn.getAttribute('aria-label')).toMatch(/went from .* in [1-9]\d+ steps/) // from before
  })

  it('goes back to the coefficients of any look, and to the newest again', async () => {
    const map = figure('Coefficients of the model, look by look')
    const look = map.getByRole('slider', { name: 'Look' })
    await look.focus()
    await page.keyboard.press('Home')
    await map.getByText('Start, before its first step', { exact: true }).waitFor()
    await map.getByText('Start, before its first step: All coefficients are 0.').waitFor()
    await page.keyboard.press('ArrowRight')
    await map.getByText(/^Start, after epoch 1: The largest of 2 × 4 coefficients is [+−]0\.\d+/).waitFor()
    await map.getByRole('button', { name: 'Newest' }).click()
    await map
      .getByText(/^(Start|Iteration \d+), after epoch \d{2,}/)
      .first()
      .waitFor()
  })

  it('holds little more after many updates', async () => {
    const before = await held()
    writeFileSync(goesOn, '')
    await page.getByRole('button', { name: 'Export model' }).waitFor() // its report, when it is over
    await page.goBack()
    await page.goForward()
    await page.getByRole('button', { name: 'Export model' }).waitFor()
    const after = await held()
    const updates = fast.epochs * fast.stages
    console.log(`after ${updates} updates more the page holds ${MiB(after)}, before ${MiB(before)}`)
    expect(after - before).toBeLessThan(12 * 2 ** 20)
    expect(complaints).toEqual([])
  })
})
