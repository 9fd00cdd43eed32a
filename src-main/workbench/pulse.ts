// The workbench's one way of telling listeners that there is something new: the present state, at most ten times a
// second, and always once more after the last change. What is new is asked for; so a slow window misses nothing and is
// never flooded.

export interface Pulse<T> {
  beat(): void
  /** The present state at once, then whenever it has changed; ends with end(). */
  watch(): AsyncGenerator<T, void>
  end(): void
}

const interval = 100 // ms

/** state: what is told with each beat. */
export function createPulse<T>(state: () => T): Pulse<T> {
  const wakes = new Set<() => void>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let last = Number.NEGATIVE_INFINITY
  let isOver = false
  let count = 0

  function strike(): void {
    timer = undefined
    last = performance.now()
    count++
    for (const wake of wakes) wake()
  }

  async function* watch(): AsyncGenerator<T, void> {
    let seen = count
    yield state()
    while (!isOver) {
      if (seen !== count) {
        seen = count
        yield state()
        continue
      }
      const { promise, resolve } = Promise.withResolvers<void>()
      wakes.add(resolve)
      await promise.finally(() => wakes.delete(resolve))
    }
  }

  return {
    beat: () => {
      if (!isOver) timer ??= setTimeout(strike, Math.max(0, last + interval - performance.now()))
    },
    watch,
    end: () => {
      isOver = true
      clearTimeout(timer)
      for (const wake of wakes) wake()
    },
  }
}
