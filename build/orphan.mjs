// Ends a process whose launcher has died, even by kill -9: the system then gives it another parent, and that is looked
// at twice a second. Loaded with --import by build/run.mjs; a process with another parent (the engine's) is left alone.
import { readFileSync } from 'node:fs'

/**
 * Calls `stop` once when this process no longer has the parent it has now; under npm, also when npm itself has gone.
 */
export function whenOrphaned(stop) {
  const parent = process.ppid
  const npm = process.env.npm_lifecycle_event ? parentOf(parent) : undefined // npm > sh -c > this process
  const timer = setInterval(() => {
    if (process.ppid === parent && (npm === undefined || parentOf(parent) === npm)) return
    clearInterval(timer)
    stop()
  }, 500)
  timer.unref()
}

/** Undefined where the system does not tell it in a file; there, the shell gives way to what it starts. */
function parentOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1]
  } catch {
    return undefined
  }
}

const launcher = Number(process.env.BASIL_LAUNCHER)
if (launcher && launcher === process.ppid) {
  whenOrphaned(() => {
    process.kill(process.pid, 'SIGTERM') // what listens may close its files first
    // an exit may wait for a thread that waits for a disk
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 5000).unref()
  })
}
