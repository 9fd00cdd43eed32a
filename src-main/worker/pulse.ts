// The pulse of a run or a fine-tuning at work, beside what it tells by itself: a few times a second how fast it goes
// and how much memory it takes, between two events as well as within a long step, as far as the main thread comes
// round.
import type { MemoryRecord } from '../contract/run/pulse.ts'
import type { Backend } from '../engine/index.ts'

const between = 250 // milliseconds

/** now: milliseconds of a clock that never goes back. */
export async function* withPulse<E>(
  events: AsyncGenerator<E>,
  pulse: () => E,
  now: () => number = () => performance.now(),
): AsyncGenerator<E> {
  let due = now() + between
  let timer: NodeJS.Timeout | undefined
  const step = (): ReturnType<typeof events.next> => {
    const asked = events.next()
    asked.catch(() => undefined) // told when it is awaited: it may fail while whoever follows has a pulse in hand
    return asked
  }
  let next = step()
  try {
    for (;;) {
      const tick = new Promise<null>((resolve) => {
        timer = setTimeout(() => resolve(null), Math.max(0, due - now()))
      })
      const told = await Promise.race([next, tick])
      clearTimeout(timer)
      if (told?.done) return
      if (told) {
        yield told.value
        next = step()
      }
      if (now() < due) continue
      due = now() + between
      yield pulse()
    }
  } finally {
    clearTimeout(timer)
    await events.return(undefined)
  }
}

/** Of this process with its threads, and of the device as its engine accounts for it. */
export function memoryNow(backend: Pick<Backend, 'memory' | 'takenBytes' | 'deviceBytes'>): MemoryRecord {
  const of = backend.deviceBytes()
  return {
    process: process.memoryUsage.rss(),
    device: {
      bytes: backend.takenBytes?.() ?? backend.memory().bytes,
      of: Number.isFinite(of) ? of : null, // a card that nobody has told the size of
    },
  }
}
