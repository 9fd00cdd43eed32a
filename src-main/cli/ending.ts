// The end of a program that goes on until it is told to end. It closes what it has; what does not close in time, or a
// thread of the system's that waits for a disk and would hold up even the exit, does not keep it: it then dies of the
// signal, and the history is made for that.

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
