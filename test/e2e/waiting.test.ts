// What a person does where Basil waits: a folder that is searched for ever is left, and an engine that does not answer
// is stopped and the run goes on. The engine is the test double, the rest is real, and so are the 30 seconds until a
// silent engine is told.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import type { Toy } from '../workbench/toy-faults.ts'
import { toyEntry } from '../workbench/toy-run.ts'
import { accessible, type Basil, inBrowser, startBasil, startBrowser } from './basil.ts'

/** Processes of the toy engine that belong to this data folder. */
function engines(home: string): number[] {
  const read = (file: string): string => {
    try {
      return readFileSync(file, 'latin1')
    } catch {
      return '' // gone meanwhile
    }
  }
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const ours = all.filter(
    (pid) =>
      read(`/proc/${pid}/cmdline`).includes(toyEntry) && read(`/proc/${pid}/environ`).includes(`BASIL_HOME=${home}`),
  )
  return ours.map(Number)
}

inBrowser('where Basil waits', () => {
  const folder = mkdtempSync(join(tmpdir(), 'basil-waiting-'))
  const until = join(folder, 'goes-on') // its first iteration begins no sooner
  const toy: Toy = { endless: 'endless', holds: { stage: 1, until } }
  let basil: Basil
  let browser: Browser
  let page: Page
  beforeAll(async () => {
    mkdirSync(join(folder, 'endless'))
    ;[basil, browser] = await Promise.all([
      startBasil(undefined, { BASIL_ENGINE: toyEntry, TOY: JSON.stringify(toy) }),
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

  it('a search for data is shown in its dialog, ends when that is closed, and says nothing of a fault', async () => {
    await page.getByRole('link', { name: 'Data', exact: true }).click()
    await page.getByRole('button', { name: 'Add by path…' }).click()
    await page.getByLabel('Paths').fill(join(folder, 'endless'))
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText(`Looking into ${join(folder, 'endless')}`).waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('Looking into').waitFor({ state: 'detached' })
    expect(await page.getByText('Next:').count()).toBe(0)
  })

  it('an engine that does not answer is told on the run’s page, and stopped there; the run goes on to its end', async () => {
    await page.getByRole('link', { name: 'Welcome', exact: true }).click()
    await page.getByRole('button', { name: 'Open the sample project' }).click()
    await page.getByRole('button', { name: 'Start run' }).click()
    await page.getByText('Measuring where the stage begins').waitFor()
    for (const pid of engines(basil.home)) process.kill(pid, 'SIGSTOP')
    await page.getByText('The engine does not answer.').waitFor()
    await accessible(page, 'silent-engine')
    writeFileSync(until, '')
    await page.getByRole('button', { name: 'Stop the engine and resume' }).click()
    await page.getByText('The engine does not answer.').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Export model' }).waitFor()
  })
})
