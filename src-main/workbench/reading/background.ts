// Work that goes on by itself: woken when there may be something to do, done by one at a time, and waited for by
// whoever wants to see it done.

export interface Background {
  /** Begins, if nobody is at it. */
  wake(): void
  isAtIt(): boolean
  /** Resolves when nobody is at it any more. */
  settled(): Promise<void>
}

/**
 * What `work` throws ends it until the next call: the process does not start, or the disk is full, and the rows wait.
 * `rests` is called at its end.
 */
export function inBackground(work: () => Promise<void>, rests: () => void): Background {
  let atIt: Promise<void> | null = null
  return {
    wake: () => {
      atIt ??= work()
        .catch(() => undefined)
        .finally(() => {
          atIt = null
          rests()
        })
    },
    isAtIt: () => atIt !== null,
    settled: async () => {
      while (atIt) await atIt
    },
  }
}
