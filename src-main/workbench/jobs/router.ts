// The contract's procedures for the queue: what a window and a browser may ask for.
import { implement } from '@orpc/server'

import { api } from '../../contract/api/api.ts'
import type { Job } from '../../contract/api/jobs.ts'
import type { Jobs } from './queue.ts'

export function jobsRouter(jobs: Jobs) {
  const os = implement(api).jobs
  const then = async (job: number, act: () => unknown): Promise<Job> => {
    await act()
    return jobs.show(job)
  }
  return {
    list: os.list.handler(({ input }) => jobs.list(input?.over)),
    request: os.request.handler(({ input }) => ({ request: jobs.request(input.job) })),
    move: os.move.handler(({ input: { job, position } }) => then(job, () => jobs.move(job, position))),
    pause: os.pause.handler(({ input: { job, now } }) => then(job, () => jobs.pause(job, now))),
    resume: os.resume.handler(({ input: { job } }) => then(job, () => jobs.resume(job))),
    cancel: os.cancel.handler(({ input: { job } }) => then(job, () => jobs.cancel(job))),
    retry: os.retry.handler(({ input }) => jobs.show(jobs.retry(input.job))),
    clear: os.clear.handler(() => ({ jobs: jobs.clear() })),
    bringBack: os.bringBack.handler(({ input }) => {
      jobs.bringBack(input.jobs)
      return true
    }),
    watch: os.watch.handler(() => jobs.watch()),
  }
}
