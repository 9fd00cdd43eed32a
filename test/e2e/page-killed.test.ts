// The promise R3, as far as the page goes: its process crashes, or the whole browser, while a run goes on. Basil does
// not notice: what was kept is shown to the next page, the run ends with the bits of one that nobody watched, and no
// process of the browser's is left to Basil.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import type { RunId } from '../../src-main/contract/branded.ts'
import { openWorkbench } from '../../src-main/workbench/workbench.ts'
import { countOf, seedOf, tell } from '../faults/promises.ts'
import { seeded } from '../faults/seeded.ts'
import { bitsOf, toyEngine } from '../workbench/toy.ts'
import { toyConfig, toyEntry } from '../workbench/toy-run.ts'
import { type Basil, inBrowser, openPage, startBasil, startBrowser } from './basil.ts'

const wanted = countOf('R3')
const runs = Math.ceil(wanted / 2) // to go on with, one after the other
const seed = seedOf(3304)
const config = (seed: number) => toyConfig({ seed, name: `run of seed ${seed}`, iterations: 2, epochs: 20 })

/** Runs that were broken off after their first epoch, and behind them the same ones whole. */
async function prepared(home: string): Promise<void> {
  for (const isWhole of [false, true]) {
    const toy = isWhole ? {} : { until: join(home, 'never') } // no epoch ends after the first look
    const engine = (environment: NodeJS.ProcessEnv) => toyEngine(toy, environment)
    for (let n = 0; n < runs; n++) {
      const workbench = await openWorkbench({ home, resources: home, write: true, engine })
      const run = await workbench.runs.start(config(n))
      for await (const event of workbench.runs.watch(run))
        if (!isWhole && event.type === 'epoch') void workbench.close()
      await workbench.close()
    }
  }
}

inBrowser('a page that is killed', () => {
  const home = mkdtempSync(join(tmpdir(), 'basil-page-killed-'))
  const toy = { wait: 100 }
  let basil: Basil
  let browser: Browser
  let page: Page
  beforeAll(async () => {
    await prepared(home)
    ;[basil, browser] = await Promise.all([
      startBasil(home, { BASIL_ENGINE: toyEntry, TOY: JSON.stringify(toy) }),
      startBrowser(),
    ])
    page = await openPage(browser, basil.url, [])
  })
  afterAll(async () => {
    await browser?.close()
    await basil?.stop()
    rmSync(home, { recursive: true, force: true })
  })

  const showRun = async (run: number): Promise<void> => {
    await page.evaluate(`location.hash = '#/run/${run}'`)
    await page.getByRole('heading', { name: new RegExp(`^Run ${run}:`), level: 1 }).waitFor()
  }

  /** The page's process alone, or the browser with all that belongs to it. */
  async function kill(whole: boolean): Promise<void> {
    if (whole) {
      const devtools = await browser.newBrowserCDPSession()
      const gone = new Promise((resolve) => browser.once('disconnected', resolve))
      void devtools.send('Browser.crash').catch(() => undefined)
      await gone
      browser = await startBrowser()
    } else {
      const devtools = await page.context().newCDPSession(page)
      const crashed = page.waitForEvent('crash')
      void devtools.send('Page.crash').catch(() => undefined)
      await crashed
      await page.close()
    }
    page = await openPage(browser, basil.url, [])
  }

  it('takes nothing of the run with it, and the next page shows it', async () => {
    const began = performance.now()
    const chance = seeded(seed)
    const reader = () => openWorkbench({ ...{ home, resources: home, write: false }, engine: () => toyEngine() })
    const found = { kills: 0, browsers: 0, lost: 0, differ: 0 }
    for (let run = 1; run <= runs; run++) {
      await showRun(run)
      await page.getByRole('button', { name: 'Resume run' }).first().click()
      for (let i = 0; i < 2 && found.kills < wanted; i++) {
        await page.getByRole('button', { name: 'Resume run' }).waitFor({ state: 'detached' })
        const isWhole = chance() < 0.25
        if (isWhole) found.browsers++
        await kill(isWhole)
        found.kills++
        await showRun(run)
      }
      const history = await reader()
      await expect.poll(() => history.runs.show(run as RunId).state).toBe('done')
      const bits = (one: number) => JSON.stringify({ ...(bitsOf(history, one as RunId) as object), error: null })
      if (bits(run) !== bits(run + runs)) found.differ++
      await history.close()
    }
    const { kills, browsers, lost, differ } = found
    const besides = `${kills} of the page, ${browsers} of them with the whole browser`
    tell('R3', began, { count: kills, lost, differ, seed, besides })
    expect({ lost, differ }).toEqual({ lost: 0, differ: 0 })
  })
})
