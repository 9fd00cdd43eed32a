// Everybody who watches one run. Each hears first that it started, then all that is told from now on; epochs are never
// dropped, progress is: at most ten a second, and only the newest waits for a slow listener. Whoever comes late hears
// what the run is at, and its last pulse.
import type { RunEvent } from '../../contract/run/run.ts'
import { progressGate } from '../../contract/wire/progress-gate.ts'

export interface Watchers {
  tell(event: RunEvent): void
  /** Ends after the last event told before end(). */
  watch(): AsyncGenerator<RunEvent, void>
  end(): void
}

interface Listener {
  queue: RunEvent[]
  wake: () => void
}

export function createWatchers(started: RunEvent, now: () => number = () => performance.now()): Watchers {
  const listeners = new Set<Listener>()
  const isDue = progressGate(now)
  let ended = false
  let silent: RunEvent | null = null // who comes while the engine does not answer hears of it too
  let doing: RunEvent | null = null // and at what the run is
  let pulse: RunEvent | null = null

  async function* listen(mine: Listener): AsyncGenerator<RunEvent, void> {
    try {
      for (;;) {
        for (let event = mine.queue.shift(); event; event = mine.queue.shift()) yield event
        if (ended) return
        await new Promise<void>((resolve) => {
          mine.wake = resolve
        })
      }
    } finally {
      listeners.delete(mine)
    }
  }

  return {
    tell: (event) => {
      if (event.type === 'engine-silent') silent = event.error && event
      if (event.type === 'pulse') pulse = event
      else doing = event.type === 'progress' ? event : null
      if (event.type === 'progress' && !isDue()) return
      for (const { queue, wake } of listeners) {
        if (passes(event) && queue.at(-1)?.type === event.type) queue.pop()
        queue.push(event)
        wake()
      }
    },
    watch: () => {
      const mine: Listener = {
        queue: [started, silent, pulse, doing].filter((event) => event !== null),
        wake: () => undefined,
      }
      listeners.add(mine)
      return listen(mine)
    },
    end: () => {
      ended = true
      for (const { wake } of listeners) wake()
    },
  }
}

/** Whether the next one says more. */
function passes({ type }: RunEvent): boolean {
  return type === 'progress' || type === 'pulse'
}

/** Of what is over: its last event. */
export async function* only(event: RunEvent): AsyncGenerator<RunEvent, void> {
  yield event
}
