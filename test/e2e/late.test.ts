// What comes late does not get into a person's way: answers of Basil are held back, and let go in the worst moment.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { petsAt } from '../workbench/data/miniatures.ts'
import { type Basil, inBrowser, startBasil, startBrowser } from './basil.ts'

inBrowser('an answer that comes late', () => {
  const folder = mkdtempSync(join(tmpdir(), 'basil-late-'))
  let basil: Basil
  let browser: Browser
  let page: Page
  const held: (() => void)[] = []
  let late: RegExp | null = null // answers that are held back
  const letGo = () => held.splice(0).forEach((go) => go())
  beforeAll(async () => {
    await petsAt(join(folder, 'pets'))
    ;[basil, browser] = await Promise.all([startBasil(), startBrowser()])
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    await page.routeWebSocket(/\/api$/, (socket) => {
      const server = socket.connectToServer()
      server.onMessage((message) => {
        const go = () => socket.send(message)
        if (late?.test(String(message))) held.push(go)
        else go()
      })
    })
    await page.goto(basil.url)
    await page.getByRole('link', { name: 'Data', exact: true }).click()
    await page.getByRole('heading', { name: 'Data', level: 1 }).waitFor() // where the key means something
    await page.keyboard.press('Alt+a')
    await page.getByLabel('Paths').fill(join(folder, 'pets'))
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByRole('img', { name: 'pets: train 20, test 6' }).waitFor()
  })
  afterAll(async () => {
    await browser?.close()
    await basil?.stop()
    rmSync(folder, { recursive: true })
  })

  const begin = () => page.getByRole('button', { name: 'Make a head from its class names…' })

  it('does not move what is below it from under a hand', async () => {
    late = /data:image/
    await page.getByRole('link', { name: 'pets', exact: true }).click()
    await begin().scrollIntoViewIfNeeded()
    await expect.poll(() => held.length).toBe(1)
    const top = async () => (await begin().boundingBox())?.y ?? Number.NaN
    const before = await top()
    await begin().hover()
    await page.mouse.down()
    late = null
    letGo()
    await page.getByRole('img', { name: /cat$/ }).first().waitFor()
    expect(Math.abs((await top()) - before)).toBeLessThan(2) // pixels
    await page.mouse.up()
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  it('does not keep a dialog from opening, nor take from it what was typed meanwhile', async () => {
    late = /a photo of|CIFAR/i // Basil's lists of class names and templates
    await begin().click()
    const names = page.getByLabel('Names, one a line, in the order of the labels')
    await names.waitFor()
    expect(await names.inputValue()).toBe('cat\ndog')
    // two where the dialog above was closed before it had its own
    await expect.poll(() => held.length).toBeGreaterThan(0)
    await names.fill('lion\nwolf')
    await page.getByLabel('Name of the head').fill('wild')
    late = null
    letGo()
    await expect.poll(() => page.getByLabel('Class names').locator('option').count()).toBeGreaterThan(1)
    expect(await names.inputValue()).toBe('lion\nwolf')
    expect(await page.getByLabel('Name of the head').inputValue()).toBe('wild')
  })
})
