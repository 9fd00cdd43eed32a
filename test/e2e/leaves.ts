// How a chart leaves the window: as a picture of twice the pixels, as vectors with its title, and as values; and which
// charts of a page do not. What was saved is kept in test-results.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Page } from 'playwright-core'
import { expect } from 'vitest'

const results = join(import.meta.dirname, '../../test-results')

/** The chart of a title, whose CSV is like `values`. */
export async function leaves(page: Page, title: string, values: RegExp): Promise<void> {
  const figure = page.getByRole('figure', { name: title, exact: true })
  await figure.getByRole('button', { name: `Options of ${title}` }).click()
  const saved = async (as: string) => {
    const press = figure.getByRole('button', { name: as, exact: true }).click()
    const [download] = await Promise.all([page.waitForEvent('download'), press])
    const file = title.toLowerCase().replaceAll(/[ .]/g, '-')
    expect(download.suggestedFilename()).toBe(`${file}.${as.toLowerCase()}`)
    const bytes = await readFile(await download.path())
    await mkdir(results, { recursive: true })
    await writeFile(join(results, `${file}.${as.toLowerCase()}`), bytes)
    return bytes
  }
  const png = await saved('PNG')
  expect([png.subarray(1, 4).toString(), png.readUInt32BE(16) > 250]).toEqual(['PNG', true])
  expect((await saved('SVG')).toString()).toMatch(new RegExp(`^<svg [^>]*aria-label="${title}\\. [^]*</svg>$`))
  expect((await saved('CSV')).toString()).toMatch(values)
}

/** Titles of the page's charts that lack a way out; the names of buttons, as options are folded. */
export async function staying(page: Page): Promise<string[]> {
  return (await page.evaluate(`[...document.querySelectorAll('main figure[aria-label]')]
    .filter((one) => {
      const names = [...one.querySelectorAll('button')].map((button) => button.textContent.trim())
      return !['PNG', 'SVG', 'CSV'].every((as) => names.includes(as))
    })
    .map((one) => one.getAttribute('aria-label'))`)) as string[]
}
