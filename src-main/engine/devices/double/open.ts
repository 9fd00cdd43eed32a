// The float64 device of this process: made when it is first asked for, one work at a time, and gone with its memory and
// its threads when nobody asked for it a while.
import { DoubleDevice } from './device.ts'

const IDLE = 10_000 // milliseconds

let held: DoubleDevice | undefined
let last: Promise<unknown> = Promise.resolve()
let timer: NodeJS.Timeout | undefined

/** What the work makes on the device is gone after it: it gives what it copied. */
export function withDoubles<T>(work: (device: DoubleDevice) => T | Promise<T>): Promise<T> {
  const turn = last.then(async () => {
    clearTimeout(timer)
    held ??= new DoubleDevice()
    const end = held.mark()
    try {
      return await work(held)
    } finally {
      end()
      timer = setTimeout(() => {
        held?.close()
        held = undefined
      }, IDLE)
      timer.unref()
    }
  })
  last = turn.catch(() => undefined)
  return turn
}
