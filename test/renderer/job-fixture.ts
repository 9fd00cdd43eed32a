// A job of the queue with nothing to it, to be changed where a test says so.
import type { Job } from '../../src-main/contract/api/jobs.ts'

export const jobLike = (changes: Partial<Job> = {}): Job => ({
  ...{ job: 1, kind: 'run', title: 'a run', needs: 'engine', place: 'here', state: 'waiting', position: null },
  ...{ progress: null, share: null, remainingSeconds: null, pausing: false, goesOn: true },
  ...{
    expectedSeconds: null,
    memoryBytes: null,
    diskBytes: null,
    diskFree: null,
    made: '',
    started: null,
    ended: null,
    error: null,
  },
  ...{ run: null, study: null, evaluation: null, tuning: null, file: null },
  ...changes,
})
