// A card that fails under a run, in a real browser: the run pauses and says why, and "Resume on CPU" takes it to its end.
// The engine computes for real and fails where it is told to (test/faults/failing-engine.ts).
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { runId } from '../../src-main/contract/branded.ts'
import { runDetail } from '../../src-main/history/detail.ts'
import { readHistory } from '../../src-main/history/open.ts'
import { started } from '../bundles.ts'
import type { Trouble } from '../faults/failing-engine.ts'
import { accessible, type Basil, inBrowser, startBasil, startBrowser } from './basil.ts'

const trouble: Trouble = { lostAt: 1500, by: 'gone', kind: 'webgpu' }

inBrowser('a card that fails', () => {
  const home = mkdtempSync(join(tmpdir(), 'basil-device-'))
  let basil: Basil
  let browser: Browser
  let page: Page
  beforeAll(async () => {
    const engine = started('test/faults/failing-engine.ts')
    ;[basil, browser] = await Promise.all([
      startBasil(home, { BASIL_ENGINE: engine, TROUBLE: JSON.stringify(trouble) }),
      startBrowser(),
    ])
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    await page.goto(basil.url)
  })
  afterAll(async () => {
    await browser?.close()
    await basil?.stop()
    rmSync(home, { recursive: true })
  })

  it('pauses the run with its cause, and "Resume on CPU" takes it to its end', async () => {
    await page.getByRole('button', { name: 'Open the sample project' }).click()
    for (const task of ['digits', 'emoji', 'glyphs'])
      await page.getByRole('switch', { name: `Use ${task}`, exact: true }).click()
    for (const stage of ['start-', '']) {
      await page.getByLabel(`Epochs or steps${stage && ' of the start'}`, { exact: true }).selectOption('steps')
      await page.locator(`#field-${stage}steps`).fill('8')
    }
    await page.locator('#field-iterations').fill('1')
    await page.getByRole('button', { name: 'Start run' }).click()
    await page.getByText('The GPU can no longer be used', { exact: false }).first().waitFor()
    await page.getByText('VK_ERROR_DEVICE_LOST', { exact: false }).first().waitFor()
    await accessible(page, 'device-lost')
    await page.getByRole('button', { name: 'Resume on CPU' }).click()
    await page.getByRole('button', { name: 'Export model' }).waitFor()
    const history = await readHistory(home)
    const { state, engines } = runDetail(history, runId(1))
    expect(state).toBe('done')
    expect(engines.at(-1)).toMatchObject({ engine: { name: 'a CPU' } }) // alone, where the card was lost before an epoch
    history.close()
  })
})
