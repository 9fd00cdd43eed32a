// The float64 device of this process: made when it is first asked for, one work at a time, and gone with its memory and
// its threads when nobody asked for it a while. Work may read what is itself computed on the device, as a merge of
// merged vectors does: that is work within the work, with its scope on top.
import { AsyncLocalStorage } from 'node:async_hooks'

import { DoubleDevice } from './device.ts'

const IDLE = 10_000 // milliseconds

let held: DoubleDevice | undefined
/** Works that wait for each other; each has a line of its own for those within it. */
interface Line {
  last: Promise<unknown>
}
const outermost: Line = { last: Promise.resolve() }
const within = new AsyncLocalStorage<Line>()
let timer: NodeJS.Timeout | undefined
let idle = true // nobody waits in between

/** The device goes when nobody asks for it a while. */
function rest(): void {
  clearTimeout(timer)
  timer = setTimeout(() => {
    held?.close()
    held = undefined
  }, IDLE)
  timer.unref()
}

/**
 * Work that does not wait in between, and so takes nobody's turn: what it makes on the device is gone after it. Not for
 * work of minutes.
 */
export function onDoubles<T>(work: (device: DoubleDevice) => T): T {
  held ??= new DoubleDevice()
  if (idle) rest()
  return held.scope(() => work(held as DoubleDevice))
}

/** What the work makes on the device is gone after it: it gives what it copied. */
export function withDoubles<T>(work: (device: DoubleDevice) => T | Promise<T>): Promise<T> {
  const line = within.getStore() ?? outermost
  const turn = line.last.then(() => {
    clearTimeout(timer)
    idle = false
    return inTurn(work).finally(() => {
      if (line !== outermost) return
      idle = true
      rest()
    })
  })
  line.last = turn.catch(() => undefined)
  return turn
}

async function inTurn<T>(work: (device: DoubleDevice) => T | Promise<T>): Promise<T> {
  held ??= new DoubleDevice()
  const device = held
  const end = device.mark()
  const own: Line = { last: Promise.resolve() }
  try {
    return await within.run(own, () => work(device))
  } finally {
    // What it began and did not wait for lies above it.
    let last: Promise<unknown> | undefined
    while (last !== own.last) {
      last = own.last
      await last
    }
    end()
  }
}
