// How jobs ended: kept at once, and where the disk takes nothing, as soon as it does. Until then a job is shown as it
// ended, and what a person wants of it has to wait for the disk.
import type { Job } from '../../contract/api/jobs.ts'
import type { ErrorRecord } from '../../contract/errors.ts'
import { say, sayRecord } from '../../files/log.ts'
import { putJobFile, putJobState } from '../../history/jobs.ts'
import { type History, transaction } from '../../history/statement.ts'

interface End {
  state: Job['state']
  error?: ErrorRecord | null
  file: string | null // that it wrote; null: as it was asked for
  at: Date
}

export interface Ends {
  /** Never throws. */
  put(job: number, end: End): void
  /** Keeps what could not be kept. Throws what the disk says. */
  settle(): void
  /** The same, and whether all are kept now. Never throws. */
  areKept(): boolean
  /** The same job, as it ended. */
  seen<J extends Pick<Job, 'job' | 'state' | 'error' | 'ended'>>(job: J): J
}

export function createEnds(history: History): Ends {
  const unkept = new Map<number, End>()

  function settle(): void {
    for (const [job, { state, error = null, file, at }] of unkept) {
      transaction(history, () => {
        if (file !== null) putJobFile(history, job, file)
        putJobState(history, job, state, at, error)
      })
      unkept.delete(job)
    }
  }

  function areKept(): boolean {
    try {
      settle()
      return true
    } catch {
      return false // a row says running, and is shown as interrupted should this process end
    }
  }

  return {
    put: (job, end) => {
      if (end.error) sayRecord(`job ${job}`, end.error)
      say(`job ${job} ended: ${end.state}`)
      unkept.set(job, end)
      areKept()
    },
    ...{ settle, areKept },
    seen: (job) => {
      const end = unkept.get(job.job)
      return end ? { ...job, state: end.state, error: end.error ?? null, ended: end.at.toISOString() } : job
    },
  }
}
