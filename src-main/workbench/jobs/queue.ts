// One queue for work: what is asked for is a row before anything begins, begins when its turn comes and there is room
// for what it needs (rule.ts), and is put away with how it ended before the next begins. So a job is never lost and
// never worked on twice, whenever this process is killed. A workbench works on the jobs of its own sitting, on all that
// wait where its door says so (work), or on none.
import type { Job, Need } from '../../contract/api/jobs.ts'
import {
  clearJobs,
  createJob,
  interruptJobs,
  jobOf,
  jobsOf,
  putJobOrder,
  putJobState,
  queuedJobs,
} from '../../history/jobs.ts'
import { type History, transaction } from '../../history/statement.ts'
import { throwEnd } from './at-work.ts'
import { createFloor } from './floor.ts'
import type { Kind, Wanted, Wish } from './kind.ts'
import { notNow } from './refusals.ts'

export interface Jobs {
  /** Those that are open in their order, then those that are over, newest first. */
  list(): Job[]
  /** Throws run-missing. */
  show(job: number): Job
  /** make is called in the transaction that makes the job. Begins at once where there is room. Gives its number. */
  add(make: () => Wanted): number
  /** Until it is under way or has to wait; throws why it could not begin. */
  begun(job: number): Promise<void>
  /** What is to be shown of it, until it is over. */
  follow(job: number): AsyncGenerator<Job, void>
  /** position: from 1, among those that wait or are held. */
  move(job: number, position: number): void
  /** Throws run-state where it is over, or at work and of a kind that does not go on where it was. */
  pause(job: number, now: boolean): Promise<void>
  /** change: within the transaction. */
  resume(job: number, change?: () => void): void
  /** Resolves when it has ended. False where it is over already. */
  cancel(job: number): Promise<boolean>
  /** The number of the job that now waits: its own where it goes on, else a new one. */
  retry(job: number): number
  clear(): number
  /** own: of this sitting, which is how a workbench begins. */
  work(which: 'all' | 'own' | 'none'): void
  /** Until nothing is at work and nothing more may begin. */
  quiet(): Promise<void>
  isAtWork(need?: Need): boolean
  /** For work that is no job. Throws run-state where there is no room for it. Gives the way to end it. */
  hold(need: Need, title: string): () => void
  /** Throws run-state, with what is at work. */
  requireQuiet(): void
  watch(): AsyncGenerator<{ version: number }, void>
  /** Tells whoever watches that something is new: what jobs belong to is watched here too. */
  beat(): void
  /** What they work with must be ended meanwhile; jobs at work become interrupted. */
  close(): Promise<void>
}

interface Options {
  history: History
  kinds: () => readonly Kind[]
  /** One has ended, and no other has begun. */
  between: () => void
  now?: () => Date
}

export function createJobs({ history, kinds, between, now = () => new Date() }: Options): Jobs {
  const floor = createFloor({ history, kinds, between, now })
  const { atWork, own, kindOf, pulse, pump, shown } = floor
  if (history.write) interruptJobs(history, now())

  function wait(job: number, change: () => void = () => undefined): void {
    transaction(history, () => {
      change()
      putJobState(history, job, 'waiting', now())
    })
    own.add(job)
    pump()
  }

  function add(make: () => Wanted): number {
    if (!history.write) throw new Error('a workbench opened for reading begins nothing')
    const job = transaction(history, () => {
      const { kind, request, ...to } = make()
      return createJob(history, { kind, request, title: kindOf(kind).title(request), ...to }, now())
    })
    own.add(job)
    pump()
    return job
  }

  async function wish(job: number, wished: Wish): Promise<void> {
    const mine = atWork.get(job)
    mine?.wish(wished)
    if (wished !== 'pause') await mine?.over
  }

  return {
    list: () => shown(jobsOf(history)),
    show: (job) => shown([jobOf(history, job)])[0] as Job,
    add,
    begun: async (job) => {
      const mine = atWork.get(job)
      if (!mine || (await mine.begun)) return
      await mine.over
      throwEnd(jobOf(history, job))
    },
    follow: async function* (job) {
      for await (const _ of pulse.watch()) {
        const [found] = shown([jobOf(history, job)])
        if (found) yield found
        if (!found || isOver(found)) return
      }
    },
    move: (job, position) => {
      const queued = queuedJobs(history, ['waiting', 'paused']).map((one) => one.job)
      if (!queued.includes(job)) throw notNow(jobOf(history, job), 'The job has no place in the queue', 'leave it')
      const others = queued.filter((one) => one !== job)
      putJobOrder(history, others.toSpliced(position - 1, 0, job))
      pump()
    },
    pause: async (job, isNow) => {
      const { state, kind } = jobOf(history, job)
      if (state === 'waiting') putJobState(history, job, 'paused', now())
      else if (state === 'running' && kindOf(kind).goesOn) await wish(job, isNow ? 'pause now' : 'pause')
      else if (state !== 'paused') throw notNow(jobOf(history, job), 'The job cannot be paused', pauseInstead(state))
      pulse.beat()
    },
    resume: (job, change) => {
      const stored = jobOf(history, job)
      const { goesOn } = kindOf(stored.kind)
      if (stored.state === 'paused' || (goesOn && mayGoOn.includes(stored.state))) wait(job, change)
      else throw notNow(stored, 'The job cannot go on', stored.state === 'waiting' ? 'wait' : 'retry it instead')
    },
    cancel: async (job) => {
      const stored = jobOf(history, job)
      if (isOver(stored) && stored.state !== 'paused') return false
      if (atWork.has(job)) await wish(job, 'cancel')
      else
        transaction(history, () => {
          kindOf(stored.kind).dropped?.(stored)
          putJobState(history, job, 'cancelled', now())
        })
      pulse.beat()
      return true
    },
    retry: (job) => {
      const stored = jobOf(history, job)
      const kind = kindOf(stored.kind)
      if (!isOver(stored)) throw notNow(stored, 'The job is not over', 'wait for its end, or cancel it first')
      if (stored.state !== 'paused' && !(kind.goesOn && stored.state === 'interrupted'))
        return add(() => kind.again(stored, stored.request))
      wait(job)
      return job
    },
    clear: () => {
      const cleared = clearJobs(history)
      pulse.beat()
      return cleared
    },
    work: floor.work,
    quiet: async () => {
      while (atWork.size > 0) await Promise.race([...atWork.values()].map(({ over }) => over))
    },
    isAtWork: floor.room.isTaken,
    hold: floor.hold,
    requireQuiet: floor.room.requireQuiet,
    watch: pulse.watch,
    beat: pulse.beat,
    close: floor.close,
  }
}

const mayGoOn: Job['state'][] = ['interrupted', 'cancelled', 'failed']

/** Nobody works on it, and it does not wait. */
const isOver = ({ state }: Pick<Job, 'state'>): boolean => state !== 'waiting' && state !== 'running'

const pauseInstead = (state: Job['state']): string =>
  state === 'running' ? 'wait for its end, or cancel it: such work begins anew' : 'nothing is to be done'
