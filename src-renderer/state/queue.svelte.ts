// The queue of work as a page shows it, read again whenever something of it is new.
import type { Job } from '../../src-main/contract/api/jobs.ts'
import { client } from '../bridge.ts'
import { connection } from './connection.svelte.ts'

class Queue {
  #jobs = $state.raw<readonly Job[]>([])

  /** What is at work, and what begins before this one, in the order of the queue. */
  before(kind: 'run' | 'evaluation', number: number): readonly Job[] {
    const own = this.#jobs.find((job) => job.kind === kind && job[kind] === number)
    const place = own?.position ?? 0
    return this.#jobs.filter(
      ({ state, needs, position }) =>
        needs === 'engine' && (state === 'running' || (state === 'waiting' && position !== null && position < place)),
    )
  }

  /** Newest first. */
  get merges(): readonly Job[] {
    return this.#jobs.filter(({ kind }) => kind === 'merge' || kind === 'image-merge').toSorted((a, b) => b.job - a.job)
  }

  async cancel(job: number): Promise<void> {
    await client.jobs.cancel({ job })
  }

  async retry(job: number): Promise<void> {
    await client.jobs.retry({ job })
  }

  /** Until the signal is given. Never rejects. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const _ of await client.jobs.watch(undefined, { signal })) {
          const jobs = await client.jobs.list()
          if (signal.aborted) return
          this.#jobs = jobs
        }
      } catch {
        // the connection was lost, which the banner tells
      }
      await new Promise((resolve) => setTimeout(resolve, calmPause))
      await connection.returned()
    }
  }
}

const calmPause = 1_000 // ms before a stream that broke is read again

export const queue = new Queue()
