// The queue of work, followed as long as the window is open and read again whenever something of it is new.
import type { Job } from '../../src-main/contract/api/jobs.ts'
import { atWork } from '../../src-main/contract/work.ts'
import { client } from '../bridge.ts'
import { follow } from './work/follow.ts'

const mostOver = 200 // jobs that are over, the newest

class Queue {
  #jobs = $state.raw<readonly Job[]>([])
  #readAt = $state(0) // ms, when the jobs were read

  get jobs() {
    return this.#jobs
  }
  get readAt() {
    return this.#readAt
  }
  /** Those at work, then those that wait or are held, in their order. */
  get open(): readonly Job[] {
    return this.#jobs.filter(({ state, position }) => state === 'running' || position !== null)
  }
  get over(): readonly Job[] {
    return this.#jobs.filter(({ state, position }) => state !== 'running' && position === null)
  }
  get atWork() {
    return atWork(this.#jobs)
  }
  /** What an addition that needs the engine would wait for. */
  get ahead(): readonly Job[] {
    return this.#jobs.filter(({ state, needs }) => needs === 'engine' && (state === 'running' || state === 'waiting'))
  }

  /** The newest job of a run of its own, an evaluation or a study. */
  of(kind: 'run' | 'evaluation' | 'study' | 'tuning', number: number): Job | undefined {
    return this.#jobs.filter((job) => job.kind === kind && job[kind] === number).sort((a, b) => b.job - a.job)[0]
  }

  /** What is at work, and what begins before this one, in the order of the queue. */
  before(kind: 'run' | 'evaluation', number: number): readonly Job[] {
    const place = this.of(kind, number)?.position ?? 0
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
    await this.#read()
  }

  async retry(job: number): Promise<void> {
    await client.jobs.retry({ job })
    await this.#read()
  }

  async pause(job: number): Promise<void> {
    await client.jobs.pause({ job })
    await this.#read()
  }

  async resume(job: number): Promise<void> {
    await client.jobs.resume({ job })
    await this.#read()
  }

  /** position: from 1, among those that wait or are held. */
  async move(job: number, position: number): Promise<void> {
    await client.jobs.move({ job, position })
    await this.#read()
  }

  /** Takes those that are over from the list. Gives their numbers. */
  async prune(): Promise<number[]> {
    const { jobs } = await client.jobs.clear()
    await this.#read()
    return jobs
  }

  async bringBack(jobs: number[]): Promise<void> {
    await client.jobs.bringBack({ jobs })
    await this.#read()
  }

  /** Calls `news` with what was known and what is new, until the signal is given. Never rejects. */
  async follow(signal: AbortSignal, news: (before: readonly Job[], now: readonly Job[]) => void): Promise<void> {
    await follow(signal, client.jobs.watch, async () => {
      const before = this.#jobs
      await this.#read()
      news(before, this.#jobs)
    })
  }

  async #read(): Promise<void> {
    this.#jobs = await client.jobs.list({ over: mostOver })
    this.#readAt = Date.now()
  }
}

export const queue = new Queue()
