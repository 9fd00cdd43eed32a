// One at a time, and who came for a person goes before what runs in the background. Ours, as p-queue leaves whoever
// waits at its end waiting for ever, and a turn here lasts until the process is free, not until its stream is left.

export interface Turns {
  /** Resolves when it is the caller's turn, with the way to end it. */
  take(who: 'person' | 'background'): Promise<() => void>
  /** Whoever waits is refused with this error. */
  close(error: Error): void
}

interface Waiting {
  who: 'person' | 'background'
  go(done: () => void): void
  refuse(error: Error): void
}

/** rests: told whenever somebody begins (false), or nobody is left (true). */
export function createTurns(rests: (isIdle: boolean) => void): Turns {
  const waiting: Waiting[] = []
  let isBusy = false
  let closed: Error | null = null

  function next(): void {
    const first = waiting.findIndex(({ who }) => who === 'person')
    const [turn] = waiting.splice(Math.max(0, first), 1)
    isBusy = turn !== undefined
    rests(!isBusy)
    let isOver = false
    turn?.go(() => {
      if (isOver) return
      isOver = true
      next()
    })
  }

  return {
    take: (who) =>
      new Promise((go, refuse) => {
        if (closed) return refuse(closed)
        waiting.push({ who, go, refuse })
        if (!isBusy) next()
      }),
    close: (error) => {
      closed = error
      for (const turn of waiting.splice(0)) turn.refuse(error)
    },
  }
}
