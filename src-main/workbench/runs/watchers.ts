// Everybody who watches one run, or one fine-tuning. Each hears first that it started, then all that is told from now
// on; epochs and steps are never dropped, progress is: at most ten a second, and only the newest waits for a slow
// listener. Whoever comes late hears what it is at, and its last pulse.
import { progressGate } from '../../contract/wire/progress-gate.ts'

interface Told {
  type: string
  error?: unknown // of "engine-silent" null once it answers again
}

export interface Watchers<Event extends Told> {
  tell(event: Event): void
  /** Ends after the last event told before end(). */
  watch(): AsyncGenerator<Event, void>
  end(): void
}

interface Listener<Event> {
  queue: Event[]
  wake: () => void
}

export function createWatchers<Event extends Told>(
  started: Event,
  now: () => number = () => performance.now(),
): Watchers<Event> {
  const listeners = new Set<Listener<Event>>()
  const isDue = progressGate(now)
  let ended = false
  let silent: Event | null = null // who comes while the engine does not answer hears of it too
  let doing: Event | null = null // and what is being done
  let pulse: Event | null = null

  async function* listen(mine: Listener<Event>): AsyncGenerator<Event, void> {
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
      if (event.type === 'engine-silent') silent = event.error ? event : null
      if (isPulse(event)) pulse = event
      else doing = event.type === 'progress' ? event : null
      if (event.type === 'progress' && !isDue()) return
      for (const { queue, wake } of listeners) {
        if (passes(event) && queue.at(-1)?.type === event.type) queue.pop()
        queue.push(event)
        wake()
      }
    },
    watch: () => {
      const mine: Listener<Event> = {
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
const passes = (event: Told): boolean => event.type === 'progress' || isPulse(event)

const isPulse = ({ type }: Told): boolean => type === 'pulse' || type === 'memory'

/** Of what is over: its last event. */
export async function* only<Event>(event: Event): AsyncGenerator<Event, void> {
  yield event
}
