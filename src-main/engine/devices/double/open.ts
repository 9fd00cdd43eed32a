// The float64 device of this process: made when it is first asked for, one work at a time, and gone with its memory and
// its threads when nobody asked for it a while.
import { DoubleDevice } from './device.ts'

const IDLE = 10_000 // milliseconds

let held: DoubleDevice | undefined
let last: Promise<unknown> = Promise.resolve()
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
  const turn = last.then(async () => {
    clearTimeout(timer)
    idle = false
    held ??= new DoubleDevice()
    const end = held.mark()
    try {
      return await work(held)
    } finally {
      end()
      idle = true
      rest()
    }
  })
  last = turn.catch(() => undefined)
  return turn
}
