// Pictures of pages held against kept ones (test/e2e/pictures/*.webp, half the size, so that a font's hinting is not a
// difference): the share of pixels that differ visibly. They were made by the Chromium that chromium.txt names; another
// one is given more room. UPDATE_PICTURES=1 keeps each that differs at all, to be looked at before it is committed.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'

const folder = join(import.meta.dirname, 'pictures')
const madeBy = join(folder, 'chromium.txt')
const visible = 40 // of 255, in one channel
const room = { same: 0.003, other: 0.03 } // of all pixels

const isUpdating = Boolean(process.env['UPDATE_PICTURES'])
const looks = isUpdating ? 4 : 12 // what a page still asks for may come between two of them

interface Seen {
  picture: string // of what was seen now, a data URL in half its size
  share: number // of pixels that differ; 1 where the size does
}

/** What varies from machine to machine is covered. */
async function seen(page: Page, kept: string, mask: readonly Locator[]): Promise<Seen> {
  const png = await page.screenshot({ animations: 'disabled', caret: 'hide', mask: [...mask], maskColor: '#808080' })
  const own = `data:image/png;base64,${png.toString('base64')}`
  const other = existsSync(kept) ? `data:image/webp;base64,${readFileSync(kept).toString('base64')}` : ''
  const blank = await page.context().newPage()
  try {
    return (await blank.evaluate(`(${compared})(${JSON.stringify({ own, other, visible })})`)) as Seen
  } finally {
    await blank.close()
  }
}

/** In the browser; the text of a function, as its words are not those of a test. */
const compared = `async ({ own, other, visible }) => {
  const drawn = async (source, by) => {
    const image = new Image()
    image.src = source
    await image.decode()
    const canvas = document.createElement('canvas')
    canvas.width = Math.round(image.width * by)
    canvas.height = Math.round(image.height * by)
    const context = canvas.getContext('2d')
    context.imageSmoothingQuality = 'high'
    context.drawImage(image, 0, 0, canvas.width, canvas.height)
    return { canvas, pixels: context.getImageData(0, 0, canvas.width, canvas.height).data }
  }
  const now = await drawn(own, 0.5)
  const picture = now.canvas.toDataURL('image/webp', 0.92)
  if (other === '') return { picture, share: 1 }
  const [mine, theirs] = [await drawn(picture, 1), await drawn(other, 1)] // through the same compression
  if (mine.pixels.length !== theirs.pixels.length) return { picture, share: 1 }
  let different = 0
  for (let at = 0; at < mine.pixels.length; at += 4)
    if ([0, 1, 2].some((channel) => Math.abs(mine.pixels[at + channel] - theirs.pixels[at + channel]) > visible))
      different++
  return { picture, share: different / (mine.pixels.length / 4) }
}`

/** The share of the picture that differs from the kept one. */
export async function difference(page: Page, name: string, mask: readonly Locator[] = []): Promise<number> {
  return (await seen(page, join(folder, `${name}.webp`), mask)).share
}

export function roomFor(version: string): number {
  const own = existsSync(madeBy) ? readFileSync(madeBy, 'utf8').trim() : ''
  return own.split('.')[0] === version.split('.')[0] ? room.same : room.other
}

/** Looks until the page is as kept, some times at most; fails with where the new picture lies. top: scrolled to. */
export async function looksAsKept(page: Page, name: string, mask: readonly Locator[] = [], top = 0): Promise<void> {
  const kept = join(folder, `${name}.webp`)
  const version = page.context().browser()?.version() ?? ''
  const most = isUpdating ? 0 : roomFor(version)
  let { picture, share } = { picture: '', share: 1 }
  for (let look = 0; look < looks && share > most; look++) {
    await page.evaluate(`scrollTo(0, ${top})`)
    ;({ picture, share } = await seen(page, kept, mask))
  }
  if (share <= most) return
  const into = isUpdating ? folder : join(import.meta.dirname, '..', '..', 'test-results')
  mkdirSync(into, { recursive: true })
  const file = join(into, `${name}.webp`)
  writeFileSync(file, Buffer.from(picture.slice(picture.indexOf(',') + 1), 'base64'))
  if (isUpdating) writeFileSync(madeBy, `${version}\n`)
  else
    expect.fail(
      existsSync(kept)
        ? `${name}: ${(100 * share).toFixed(2)} % of the picture is another than the kept one's, at most ${100 * most} % may be. Look at ${file}; where it is as it should be, UPDATE_PICTURES=1 keeps it.`
        : `${name}: no picture is kept. Look at ${file}; UPDATE_PICTURES=1 keeps it.`,
    )
}
