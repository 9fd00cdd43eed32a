// What signals do to a command that goes on for long: Ctrl+C asks what it does to leave off, and a second one insists.
// A program that goes on until it is told to end closes what it has; what does not close in time, or a thread of the
// system's that waits for a disk and would hold up even the exit, does not keep it: it then dies of the signal, and the
// history is made for that.

const echo = 250 // milliseconds within which a second Ctrl+C is the first one again, passed on by a launcher

/** first, again: at Ctrl+C; end: at a signal to terminate. What it gives takes the handlers away. */
export function onSignals({ first, again, end }: Record<'first' | 'again' | 'end', () => void>): () => void {
  let began: number | null = null
  const interrupt = (): void => {
    if (began === null) {
      began = performance.now()
      first()
    } else if (performance.now() - began > echo) again()
  }
  const handlers = [['SIGINT', interrupt] as const, ['SIGTERM', end] as const, ['SIGHUP', end] as const]
  for (const [signal, handler] of handlers) process.on(signal, handler)
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler)
  }
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Resolves when a signal tells this process to end, which from then on it does. A second one ends it at once. limit:
 * milliseconds to close in.
 */
export function toldToEnd(limit = 10_000): Promise<void> {
  return new Promise((resolve) => {
    const hear = (signal: NodeJS.Signals): void => {
      for (const name of signals) process.off(name, hear)
      const end = (): void => void process.kill(process.pid, signal)
      setTimeout(end, limit).unref()
      // Ctrl+C is answered by a plain exit code, and can be pressed again
      if (signal !== 'SIGINT') process.on('exit', end)
      resolve()
    }
    for (const name of signals) process.on(name, hear)
  })
}
