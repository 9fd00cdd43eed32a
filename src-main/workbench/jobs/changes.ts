// What a person may change of the queue: the order, and that a job is held, let go, ended or asked for once more.
import type { Job } from '../../contract/api/jobs.ts'
import {
  bringBackJobs,
  type ClearedJob,
  clearJobs,
  jobOf,
  putJobOrder,
  putJobState,
  queuedJobs,
  type StoredJob,
} from '../../history/jobs.ts'
import { type History, transaction } from '../../history/statement.ts'
import type { Floor, OnTheFloor } from './floor.ts'
import type { Kinds, Wanted, Wish } from './kind.ts'
import { notNow } from './refusals.ts'

export interface Changes {
  /** position: from 1, among those that wait or are held. */
  move(job: number, position: number): void
  /** Throws run-state where it is over, or at work and of a kind that does not go on where it was. */
  pause(job: number, now: boolean): Promise<void>
  /** change: within the transaction. One that is yet to end for its pause goes on, or begins again. */
  resume(job: number, change?: () => void): void
  /** Resolves when it has ended, elsewhere too; throws where that cannot be reached. False where it is over already. */
  cancel(job: number): Promise<boolean>
  /** The number of the job that now waits: its own where it goes on, else a new one. */
  retry(job: number): number
  /** Gives the numbers of those that were taken from the list. */
  clear(): number[]
  /** Those of them that were cleared since the workbench was opened; others are let be. */
  bringBack(jobs: readonly number[]): void
}

interface Options {
  history: History
  kinds: () => Kinds
  floor: Floor
  add(make: () => Wanted): number
  now(): Date
}

export function createChanges({ history, kinds, floor, add, now }: Options): Changes {
  const { atWork, own, pulse, pump, ends } = floor

  /** As it is now, with its end. Throws where that cannot be kept, as nothing else could. */
  function settled(job: number): StoredJob {
    ends.settle()
    return jobOf(history, job)
  }

  function wait(job: number, change: () => void = () => undefined): void {
    transaction(history, () => {
      change()
      putJobState(history, job, 'waiting', now())
    })
    own.add(job)
    pump()
  }

  async function wish(job: number, wished: Wish): Promise<void> {
    const mine = atWork.get(job)
    mine?.wish(wished)
    if (wished !== 'pause') await mine?.over
  }

  /** Its pause takes effect just now. */
  async function goOnAfter(mine: OnTheFloor, change?: () => void): Promise<void> {
    await mine.over
    if (mine.wished() === 'pause now' && jobOf(history, mine.job).state === 'paused') wait(mine.job, change)
  }

  return {
    move: (job, position) => {
      const queued = queuedJobs(history, ['waiting', 'paused']).map((one) => one.job)
      if (!queued.includes(job)) throw notNow(jobOf(history, job), 'The job has no place in the queue', 'leave it')
      const others = queued.filter((one) => one !== job)
      putJobOrder(history, others.toSpliced(position - 1, 0, job))
      pump()
    },
    pause: async (job, isNow) => {
      const { state, kind } = settled(job)
      if (state === 'waiting') putJobState(history, job, 'paused', now())
      else if (state === 'running' && kinds()[kind].goesOn) await wish(job, isNow ? 'pause now' : 'pause')
      else if (state !== 'paused') throw notNow(jobOf(history, job), 'The job cannot be paused', pauseInstead(state))
      pulse.beat()
    },
    resume: (job, change) => {
      const stored = settled(job)
      const { goesOn } = kinds()[stored.kind]
      const mine = atWork.get(job)
      if (mine?.wished() === 'pause') mine.wish('go on')
      else if (mine?.wished() === 'pause now')
        void goOnAfter(mine, change).catch(() => undefined) // it stays paused
      else if (stored.state === 'paused' || (goesOn && mayGoOn.includes(stored.state))) wait(job, change)
      else throw notNow(stored, 'The job cannot go on', stored.state === 'waiting' ? 'wait' : 'retry it instead')
    },
    cancel: async (job) => {
      const stored = settled(job)
      if (isOver(stored) && !isLeft(stored)) return false
      if (!atWork.has(job) && stored.place !== 'here') await kinds()[stored.kind].endElsewhere?.(stored)
      if (atWork.has(job)) await wish(job, 'cancel')
      else
        transaction(history, () => {
          kinds()[stored.kind].dropped?.(stored)
          putJobState(history, job, 'cancelled', now())
        })
      pulse.beat()
      return true
    },
    retry: (job) => {
      const stored = settled(job)
      const kind = kinds()[stored.kind]
      if (!isOver(stored)) throw notNow(stored, 'The job is not over', 'wait for its end, or cancel it first')
      if (stored.state !== 'paused' && !(kind.goesOn && stored.state === 'interrupted'))
        return add(() => kind.again(stored, stored.request))
      wait(job)
      return job
    },
    ...createClearing(history, floor),
  }
}

function createClearing(history: History, { ends, pulse }: Floor): Pick<Changes, 'clear' | 'bringBack'> {
  const cleared = new Map<number, ClearedJob>() // of this sitting
  return {
    clear: () => {
      ends.settle()
      const gone = clearJobs(history)
      for (const job of gone) cleared.set(job.job, job)
      pulse.beat()
      return gone.map(({ job }) => job)
    },
    bringBack: (jobs) => {
      bringBackJobs(
        history,
        jobs.flatMap((job) => cleared.get(job) ?? []),
      )
      for (const job of jobs) cleared.delete(job)
      pulse.beat()
    },
  }
}

const mayGoOn: Job['state'][] = ['interrupted', 'cancelled', 'failed']

/** Nobody works on it, and it does not wait. */
export const isOver = ({ state }: Pick<Job, 'state'>): boolean => state !== 'waiting' && state !== 'running'

/** It may still be at work elsewhere, or goes on by itself. */
const isLeft = ({ state, place }: StoredJob): boolean =>
  state === 'paused' || (state === 'interrupted' && place !== 'here')

const pauseInstead = (state: Job['state']): string =>
  state === 'running' ? 'wait for its end, or cancel it: such work begins anew' : 'nothing is to be done'
