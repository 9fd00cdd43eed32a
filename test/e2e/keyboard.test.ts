// A whole journey by the keyboard alone, in a real browser on the engine's double: from Welcome to the exported file
// with Tab, arrows and Enter, and nothing else. Wherever Tab stops, the focus is seen and in sight, and no place holds
// it.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { toyEntry } from '../workbench/toy-run.ts'
import { type Basil, inBrowser, openPage, startBasil, startBrowser } from './basil.ts'

interface Stop {
  name: string // of what has the focus; "": nothing has
  key: string // tells it from others of its name, whatever comes or goes on the page
  ringed: boolean // an outline or a shadow is drawn round it, or round its label
  inSight: boolean
}

/** What has the focus, as text that the page runs. */
const stopped = `(() => {
  const one = document.activeElement
  if (!one || one === document.body) return { name: '', key: '', ringed: true, inSight: true }
  const ring = (each) => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(each)
    return (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1) || boxShadow !== 'none'
  }
  const drawn = [one, one.closest('label'), one.nextElementSibling].filter(Boolean)
  const boxes = drawn.map((each) => each.getBoundingClientRect())
  const labelled = one.getAttribute('aria-labelledby')?.split(' ').map((id) => document.getElementById(id)?.textContent).join(' ')
  const words = one.getAttribute('aria-label') ?? labelled ?? one.labels?.[0]?.textContent ?? one.textContent ?? ''
  const known = (window.knownStops ??= new Map())
  if (!known.has(one)) known.set(one, known.size)
  return {
    name: words.replace(/\\s+/g, ' ').trim() || one.id || one.tagName,
    key: String(known.get(one)),
    ringed: drawn.some(ring),
    inSight: boxes.some(({ top, bottom, width }) => width > 0 && bottom > 0 && top < innerHeight),
  }
})()`

inBrowser('the keyboard alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'basil-keyboard-'))
  const until = join(folder, 'go on') // no epoch ends before it is there
  const poor: Stop[] = [] // stops whose focus is not seen
  let basil: Basil
  let browser: Browser
  let page: Page
  const complaints: string[] = []
  beforeAll(async () => {
    const environment = { BASIL_ENGINE: toyEntry, TOY: JSON.stringify({ until }) }
    ;[basil, browser] = await Promise.all([startBasil(undefined, environment), startBrowser()])
    page = await openPage(browser, basil.url, complaints, { viewport: { width: 1440, height: 900 } })
  })
  afterAll(async () => {
    await browser?.close()
    await basil?.stop()
    rmSync(folder, { recursive: true })
  })

  async function press(key: string): Promise<Stop> {
    await page.keyboard.press(key)
    const stop = await page.evaluate<Stop>(stopped)
    if (!stop.ringed || !stop.inSight) poor.push(stop)
    return stop
  }

  /** Tab, until what is called so has the focus; no more often than there are places. */
  async function to(name: string | RegExp): Promise<void> {
    const seen: string[] = []
    for (let i = 0; i < 250; i++) {
      const stop = await press('Tab')
      if (typeof name === 'string' ? stop.name === name : name.test(stop.name)) return
      seen.push(stop.name)
    }
    expect(seen).toContain(name)
  }

  const heading = (name: string | RegExp) => page.getByRole('heading', { name, level: 1 }).waitFor()

  it('goes from Welcome to an exported model', async () => {
    await page.getByRole('button', { name: 'Open the sample project' }).waitFor()
    await to('Open the sample project')
    await press('Enter')
    await heading('Compose a run')
    await page.getByText('All files fit together.').waitFor()
    await to(/^Use .*finetuned-glyphs/) // a switch
    await press('Space')
    await to('DV-BASI') // its radio group is one stop, which arrows change
    for (let i = 0; i < 20 && (await press('ArrowUp')).name !== 'aTLAS'; i++);
    expect(await page.getByRole('radio', { name: 'aTLAS', exact: true }).isChecked()).toBe(true)
    await to('Seed')
    await page.keyboard.press('Control+a')
    await page.keyboard.type('5')
    await page.getByText('All files fit together.').waitFor()
    await to(/^Start run/)
    await press('Enter')
    await heading(/^Run 1: /)
    await page.getByRole('button', { name: 'Stop and keep' }).waitFor()
    await to('Pause') // a live page is walked too
    writeFileSync(until, '')
    await page.getByRole('button', { name: 'Export model' }).waitFor()
    expect(
      await page
        .getByRole('main')
        .getByText(/seed 5/)
        .count(),
    ).toBeGreaterThan(0)
    await to('State')
    await press('ArrowDown')
    await to('Export model')
    await press('Enter')
    await page.getByText('verified').waitFor()
    const [file = ''] = /\S+exports\S+\.safetensors\b/.exec(await page.getByLabel('Exported file').innerText()) ?? []
    expect(existsSync(file)).toBe(true)
    expect(poor).toEqual([])
    expect(complaints).toEqual([])
  })

  it('passes every place of a page, forth and back, and is held by none', async () => {
    await page.getByRole('link', { name: / is running$/ }).waitFor({ state: 'detached' }) // of the header
    await to('Skip to the page') // round the end
    const there: string[] = []
    for (let stop = await press('Tab'); stop.name !== 'Skip to the page'; stop = await press('Tab')) {
      if (stop.name !== '') there.push(stop.key)
      expect(there.length).toBeLessThan(250)
    }
    expect(there.length).toBeGreaterThan(30)
    expect(there.length).toBe(new Set(there).size) // each once
    const back: string[] = []
    for (let stop = await press('Shift+Tab'); stop.name !== 'Skip to the page'; stop = await press('Shift+Tab'))
      if (stop.name !== '') back.push(stop.key)
    expect(back.toReversed()).toEqual(there)
    expect(poor).toEqual([])
  })

  it('would be told of a place whose focus is not seen', async () => {
    await page.evaluate(`{
      const bare = new CSSStyleSheet()
      bare.replaceSync('* { outline: none !important }')
      document.adoptedStyleSheets = [bare]
    }`)
    for (let i = 0; i < 5; i++) await press('Tab')
    expect(poor).toHaveLength(5)
  })
})
