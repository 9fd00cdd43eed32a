// How long a process had for its work: on a busy machine one that gives way to all others may wait for a core most of
// the time, and that says nothing about what it reads.

import { readdirSync, readFileSync } from 'node:fs'

import { type Milliseconds, milliseconds } from '../../contract/branded.ts'

/**
 * A clock that starts now: the time since, less that for which the process was ready and waited for a core. Only Linux
 * tells.
 */
export function ownTime(pid: number | undefined): () => Milliseconds {
  const [began, before] = [performance.now(), waited(pid)]
  return () => {
    const since = Math.max(0, waited(pid) - before)
    return milliseconds(performance.now() - began - since)
  }
}

/**
 * Of the thread that waited longest: the second number of /proc/PID/task/TID/schedstat, in nanoseconds. 0 where it
 * cannot be told.
 */
function waited(pid: number | undefined): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`)
    return Math.max(
      ...threads.map((id) => Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[1]) / 1e6),
    )
  } catch {
    return 0 // not Linux, or it has just ended
  }
}
