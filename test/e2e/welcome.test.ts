// The door in a browser: the printed address opens the first page; without the token there is nothing to see.
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

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
