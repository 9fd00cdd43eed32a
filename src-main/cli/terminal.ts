// One line of a terminal that is written over; where output is no terminal, nothing is.
import type { Told } from '../contract/engine-api.ts'

let live = false

export function sayLive(text: string): void {
  if (!process.stdout.isTTY) return
  process.stdout.write(`${live ? '\r\x1b[K' : ''}${text.slice(0, (process.stdout.columns || 80) - 1)}`)
  live = true
}

/** Before anything that stays is printed. */
export function clearLive(): void {
  if (live) process.stdout.write('\r\x1b[K')
  live = false
}

/** Shows how far long work is, and gives what came of it. */
export async function resultOf<T>(events: AsyncIterable<Told<T>>, json: boolean): Promise<T> {
  let last: { result: T } | undefined
  for await (const event of events) {
    if (event.type === 'result') last = event
    else if (!json) sayLive(`${event.what}: ${Math.floor((100 * event.done) / Math.max(1, event.total))} %`)
  }
  clearLive()
  if (last) return last.result
  throw new Error('the engine ended without saying what came of it')
}
