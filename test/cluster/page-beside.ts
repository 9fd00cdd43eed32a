// A page of the workbench in a real browser while something goes on, and the time from each of its frames to the next.
import { join } from 'node:path'

import { onTestFinished } from 'vitest'

import { serve } from '../../src-main/server/serve.ts'
import type { Workbench } from '../../src-main/workbench/workbench.ts'
import { openPage, startBrowser } from '../e2e/basil.ts'

const renderer = join(import.meta.dirname, '..', '..', 'out', 'renderer')

const recording = `(() => {
  window.between = []
  let last = performance.now()
  const frame = (now) => {
    window.between.push(now - last)
    last = now
    requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)
})()`

/** Opens it at an address within the window. */
export async function pageBeside(workbench: Workbench, address: string, heading: string) {
  const [served, browser] = await Promise.all([serve(workbench, { port: 0, renderer }), startBrowser()])
  onTestFinished(async () => {
    await browser.close()
    await served.close()
  })
  const page = await openPage(browser, served.url, [], { viewport: { width: 1440, height: 900 } })
  await page.evaluate(`location.hash = ${JSON.stringify(address)}`)
  await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
  await page.evaluate(recording)
  return {
    /** From the opening on: "p50 17 ms, p95 20 ms, worst 50 ms of 2000". */
    frames: async (): Promise<string> => {
      const sorted = (await page.evaluate<number[]>('window.between')).sort((a, b) => a - b)
      const at = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(0)
      return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, worst ${at(1)} ms of ${sorted.length}`
    },
    sees: (text: string): Promise<void> => page.getByText(text).first().waitFor(),
  }
}
