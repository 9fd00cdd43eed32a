// A backup in the place of the history, from the page Settings in a real browser: what will be replaced is said, two
// pages come back by themselves, and what was there before is put back. The engine is the test double.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { makeBackup } from '../../src-main/history/backups.ts'
import { openHistory } from '../../src-main/history/open.ts'
import { toyEntry } from '../workbench/toy-run.ts'
import { type Basil, inBrowser, shot, startBasil, startBrowser, violations } from './basil.ts'
import { putRuns } from './many-runs.ts'

inBrowser('backups', () => {
  const home = mkdtempSync(join(tmpdir(), 'basil-backups-'))
  let basil: Basil
  let browser: Browser
  let page: Page
  let other: Page
  beforeAll(async () => {
    await putRuns(home, 2)
    const history = await openHistory(home)
    await makeBackup(history, new Date('2026-05-01T09:00:00Z'), () => true)
    history.close()
    await putRuns(home, 1)
    ;[basil, browser] = await Promise.all([startBasil(home, { BASIL_ENGINE: toyEntry, TOY: '{}' }), startBrowser()])
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
    ;[page, other] = [await context.newPage(), await context.newPage()]
    await page.goto(basil.url)
    await page.getByRole('heading', { name: 'Welcome' }).or(page.getByText('Recent runs')).first().waitFor()
    await other.goto(`${new URL(basil.url).origin}/#/history`)
    await other.getByText('3 runs', { exact: true }).waitFor()
  })
  afterAll(async () => {
    await browser?.close()
    await basil?.stop()
    rmSync(home, { recursive: true, force: true })
  })

  it('says what is in both, and is back in every page with what the backup held', async () => {
    await page.keyboard.press('Control+,')
    const backups = page.getByRole('region', { name: 'Backups', exact: true })
    await backups.getByRole('button', { name: /^Restore daily-2026-05-01/ }).click()
    const question = page.getByRole('alertdialog', { name: /^Restore daily-2026-05-01/ })
    await question.getByText(/The backup holds 2 runs, .* present history, which holds 3 runs, /).waitFor()
    await shot(page, 'restore-asked')
    expect(await violations(page)).toEqual([])
    await question.getByRole('button', { name: 'Restore it' }).click()
    await backups.getByText(/took the place of the history/).waitFor()
    await other.getByText('2 runs', { exact: true }).waitFor()
    await shot(page, 'restored')
    expect(await violations(page)).toEqual([])
  })

  it('puts back what was there, by its button, as by the offer to undo', async () => {
    await page.getByRole('button', { name: 'Put it back' }).click()
    await other.getByText('3 runs', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await other.getByText('2 runs', { exact: true }).waitFor()
    await page.getByText('The backup is in place.').waitFor() // what came before has loaded all over again
  })

  it('opens another file by the folder browser, and says in place what is no backup', async () => {
    const button = page.getByRole('button', { name: 'Restore another backup…' })
    await button.click()
    const dialog = page.getByRole('dialog', { name: 'Restore another backup' })
    await dialog.getByRole('textbox', { name: /^Path/ }).fill(home)
    await dialog.getByRole('textbox', { name: /^Path/ }).press('Enter')
    const lock = dialog.getByRole('button', { name: /writer\.lock/ })
    await lock.waitFor()
    await shot(page, 'restore-browse')
    await lock.dblclick()
    await dialog.getByText('This is no backup of a history that can be read').waitFor()
    expect(await violations(page)).toEqual([])
  })
  it('shows in the folder browser what was asked for last, and leaves a path that is being typed', async () => {
    const slow = await page.context().newPage()
    const held: (() => void)[] = []
    let isHolding = false
    await slow.routeWebSocket(/.*/, (socket) => {
      const server = socket.connectToServer()
      server.onMessage((message) => {
        if (isHolding && message.toString().includes('"roots"'))
          held.push(() => socket.send(message)) // of a folder
        else socket.send(message)
      })
    })
    await slow.goto(`${new URL(basil.url).origin}/#/settings`)
    await slow.getByRole('button', { name: 'Restore another backup…' }).waitFor()
    isHolding = true
    await slow.getByRole('button', { name: 'Restore another backup…' }).click()
    await expect.poll(() => held.length).toBeGreaterThan(0) // the answer of where it begins
    const first = held.splice(0)
    const path = slow.getByRole('dialog').getByRole('textbox', { name: /^Path/ })
    await path.fill(home)
    for (const send of first) send()
    await slow.getByText('Reading…').waitFor({ state: 'detached' }) // it is there
    expect(await path.inputValue()).toBe(home)
    await path.fill(tmpdir())
    await path.press('Enter')
    await expect.poll(() => held.length).toBeGreaterThan(0)
    const second = held.splice(0)
    isHolding = false
    await path.fill(home)
    await path.press('Enter')
    const lock = slow.getByRole('dialog').getByRole('button', { name: /writer\.lock/ })
    await lock.waitFor()
    for (const send of second) send()
    await slow.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
    expect(await lock.isVisible()).toBe(true)
    await slow.close()
  })
})
