// The door in a browser: the printed address opens the first page; without the token there is nothing to see.
import { mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { openHistory } from '../../src-main/history/open.ts'
import { putRun } from '../history/whole.ts'
import { type Basil, inBrowser, shot, startBasil, startBrowser } from './basil.ts'

inBrowser('the first page', () => {
  let basil: Basil
  let browser: Browser
  beforeAll(async () => {
    ;[basil, browser] = await Promise.all([startBasil(), startBrowser()])
  })
  afterAll(async () => {
    await browser?.close()
    await basil?.stop()
  })

  it('opens with the printed address, keeps the token out of sight, and breaks no rule of its policy', async () => {
    const page = await browser.newPage()
    const complaints: string[] = []
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(basil.url)
    await page.getByRole('button', { name: 'Open the sample project' }).waitFor()
    await page.getByText(basil.home).first().waitFor()
    expect(page.url()).not.toContain('token')
    await shot(page, 'welcome')
    expect(complaints).toEqual([])
    await page.close()
  })

  it('says that the history was damaged, and brings back what can be read at one click', async () => {
    const home = mkdtempSync(join(tmpdir(), 'basil-e2e-'))
    const history = await openHistory(home)
    for (const name of ['first run', 'second run']) putRun(history, name)
    history.db.exec('CREATE TABLE last AS SELECT randomblob(4096) AS x') // at the end lies nothing of the runs
    history.close()
    const file = join(home, 'history.sqlite')
    truncateSync(file, statSync(file).size - 1)
    const damaged = await startBasil(home)
    const page = await browser.newPage()
    await page.goto(damaged.url)
    await page.getByText('The history was damaged; a new one was begun.').waitFor()
    expect(await page.getByText('The history was damaged; a new one was begun.').count()).toBe(1)
    await page.getByRole('button', { name: 'Bring back what can be read' }).click()
    await page.getByText('Brought back: 2 runs (1, 2)').waitFor()
    await page.getByText('second run').waitFor()
    await shot(page, 'salvaged')
    await page.close()
    await damaged.stop()
    rmSync(home, { recursive: true })
  })

  it.each([
    ['a wrong token', `#token=${'A'.repeat(43)}`],
    ['no token', ''],
  ])('says nothing of the machine to %s', async (_name, hash) => {
    const context = await browser.newContext()
    const page = await context.newPage()
    const { origin, host } = new URL(basil.url)
    await page.goto(`${origin}/${hash}`)
    const opened = await page.evaluate(
      ([address, protocol]) =>
        new Promise((resolve) => {
          const socket = new WebSocket(address as string, protocol)
          socket.onopen = () => resolve(true)
          socket.onclose = () => resolve(false)
        }),
      [`ws://${host}/api`, hash.replace('#token=', 'basil.') || 'basil'],
    )
    expect(opened).toBe(false)
    await page.getByText('Basil does not accept this page.').waitFor()
    expect(await page.content()).not.toContain(basil.home)
    await shot(page, hash ? 'wrong-token' : 'no-token')
    await context.close()
  })
})
