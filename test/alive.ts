// Whether a process is still there. Nobody tells of the end of one that is not one's child, so tests poll this.
import { readFileSync } from 'node:fs'

/** Not gone, and not a zombie that nobody has asked for yet. */
export function alive(pid: number | undefined): boolean {
  try {
    if (pid === undefined) return false
    process.kill(pid, 0)
    return process.platform !== 'linux' || !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z')
  } catch {
    return false
  }
}
