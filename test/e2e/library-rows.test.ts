// 500 rows of the library in a real browser: those in sight are made, and no more. Prints how they scroll.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { type Basil, inBrowser, startBasil, startBrowser } from './basil.ts'

/** What the page is asked for while its table scrolls. */
interface Scrolled {
  made: number // rows that came to the table
  MutationObserver: new (
    seen: (all: { addedNodes: Iterable<{ nodeName: string }> }[]) => void,
  ) => { observe(node: unknown, what: { childList: boolean; subtree: boolean }): void }
}

inBrowser('a long library', () => {
  const folder = mkdtempSync(join(tmpdir(), 'basil-rows-'))
  const at = (...names: string[]) => join(folder, ...names)
  let basil: Basil
  let browser: Browser
  let page: Page
  const complaints: string[] = []
  beforeAll(async () => {
    ;[basil, browser] = await Promise.all([startBasil(), startBrowser()])
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(basil.url)
  })
  afterAll(async () => {
    await browser?.close()
    await basil?.stop()
    rmSync(folder, { recursive: true })
  })

  it('scrolls 500 rows by making those in sight', async () => {
    mkdirSync(at('many'))
    for (let i = 0; i < 500; i++) {
      const header = JSON.stringify({ w: { dtype: 'U8', shape: [8], data_offsets: [0, 8] } }).padEnd(64)
      const head = Buffer.alloc(8 + header.length + 8, i)
      head.writeBigUInt64LE(BigInt(header.length))
      head.write(header, 8)
      head.writeUInt32LE(i, head.length - 4)
      writeFileSync(at('many', `model-${i}.safetensors`), head)
    }
    await page.getByRole('link', { name: 'Library', exact: true }).click()
    await page.getByRole('heading', { name: 'Library', level: 1 }).waitFor()
    await page.getByLabel('Group by').or(page.getByText('No checkpoints yet.')).first().waitFor()
    await page.keyboard.press('Alt+a')
    await page.getByLabel('Paths').fill(at('many'))
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText('500 checkpoints').waitFor()
    const box = page.getByRole('region', { name: 'Checkpoints' })
    await box.evaluate((box) => {
      const page = globalThis as unknown as Scrolled
      page.made = 0
      new page.MutationObserver((all) => {
        for (const { addedNodes } of all)
          page.made += [...addedNodes].filter(({ nodeName }) => nodeName === 'TR').length
      }).observe(box, { childList: true, subtree: true })
    })
    let [rows, made, longest] = [0, 0, 0]
    for (let i = 1; i <= 30; i++) {
      const began = performance.now()
      const top = await box.evaluate((box, share) => {
        const [page, table] = [
          globalThis as unknown as Scrolled,
          box as unknown as { scrollTop: number; scrollHeight: number },
        ]
        page.made = 0
        table.scrollTop = table.scrollHeight * share
        return table.scrollTop
      }, i / 30)
      expect(top).toBeGreaterThan(0)
      await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))')
      longest = Math.max(longest, performance.now() - began)
      made = Math.max(made, (await page.evaluate('window.made')) as number)
      rows = Math.max(rows, await box.getByRole('row').count())
    }
    console.log(
      `500 rows: at most ${rows} in the page; a leap of a thirtieth makes at most ${made} of them, and with two frames takes at most ${longest.toFixed(0)} ms`,
    )
    expect(made).toBeGreaterThan(0)
    expect(made).toBeLessThanOrEqual(60) // rows that come into sight, not all; what is read meanwhile makes none
    expect(rows).toBeLessThanOrEqual(60)
    expect(complaints).toEqual([])
  })
})
