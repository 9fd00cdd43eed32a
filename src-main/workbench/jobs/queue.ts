// One queue for work: what is asked for is a row before anything begins, begins when its turn comes and there is room
// for what it needs (rule.ts), and is put away with how it ended before the next begins. So a job is never lost and
// never worked on twice, whenever this process is killed. A workbench works on the jobs of its own sitting, on all that
// wait where its door says so (work), or on none.
import { dirname } from 'node:path'

import type { Job, Need } from '../../contract/api/jobs.ts'
import { createJob, interruptJobs, jobOf, jobsOf } from '../../history/jobs.ts'
import { type History, transaction } from '../../history/statement.ts'
import { throwEnd } from './at-work.ts'
import { type Changes, createChanges, isOver } from './changes.ts'
import { createFloor } from './floor.ts'
import type { Kinds, Wanted } from './kind.ts'
import { askForJob, grantWishes, type JobWish } from './wishes.ts'

export interface Jobs extends Changes {
  /** Those that are open in their order, then those that are over, newest first, of which no more than `over`. */
  list(over?: number): Job[]
  /** Throws run-missing. */
  show(job: number): Job
  /** What was asked for, in the form of its kind. */
  request(job: number): unknown
  /** make is called in the transaction that makes the job. Begins at once where there is room. Gives its number. */
  add(make: () => Wanted): number
  /** The same of several, in one transaction: all of them or none. */
  addAll(makes: readonly (() => Wanted)[]): number[]
  /** Until it is under way or has to wait; throws why it could not begin. */
  begun(job: number): Promise<void>
  /** What is to be shown of it, until it is over. */
  follow(job: number): AsyncGenerator<Job, void>
  /** own: of this sitting, which is how a workbench begins. */
  work(which: 'all' | 'own' | 'none'): void
  /** Until nothing is at work and nothing more may begin. */
  quiet(): Promise<void>
  isAtWork(need?: Need): boolean
  /** While something is checked before it is asked for: what is done at rest gives way to it. */
  asking<T>(check: () => Promise<T>): Promise<T>
  /** For work that is no job. Throws run-state where there is no room for it. Gives the way to end it. */
  hold(need: Need, title: string): () => void
  /** Of the process that is at the queue, by one that only reads. Throws run-missing. */
  ask(wish: JobWish): void
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
  kinds: () => Kinds
  /** One has ended, and no other has begun. */
  between: () => void
  now?: () => Date
}

export function createJobs({ history, kinds, between, now = () => new Date() }: Options): Jobs {
  const floor = createFloor({ history, kinds, between, now })
  const { atWork, own, pulse, pump, shown } = floor
  if (history.write) interruptJobs(history, now())

  function addAll(makes: readonly (() => Wanted)[]): number[] {
    if (!history.write) throw new Error('a workbench opened for reading begins nothing')
    const added = transaction(history, () =>
      makes.map((make) => {
        const { kind, request, ...to } = make()
        return createJob(history, { kind, request, title: kinds()[kind].title(request), ...to }, now())
      }),
    )
    for (const job of added) own.add(job)
    pump()
    return added
  }

  function add(make: () => Wanted): number {
    const [job = 0] = addAll([make])
    return job
  }

  const changes = createChanges({ history, kinds, floor, add, now })
  const grant = ({ what, job }: JobWish) => (what === 'pause' ? changes.pause(job, false) : changes.resume(job))
  const home = dirname(history.file)
  const leave = history.write ? grantWishes(home, grant) : () => undefined

  return {
    list: (over) => shown(jobsOf(history, over)),
    show: (job) => shown([jobOf(history, job)])[0] as Job,
    request: (job) => jobOf(history, job).request,
    add,
    addAll,
    begun: async (job) => {
      const mine = atWork.get(job)
      if (!mine || (await mine.begun)) return
      await mine.over
      throwEnd(floor.ends.seen(jobOf(history, job)))
    },
    follow: async function* (job) {
      for await (const _ of pulse.watch()) {
        const [found] = shown([jobOf(history, job)])
        if (found) yield found
        if (!found || isOver(found)) return
      }
    },
    ...changes,
    work: floor.work,
    quiet: async () => {
      while (atWork.size > 0) await Promise.race([...atWork.values()].map(({ over }) => over))
    },
    isAtWork: floor.isAtWork,
    asking: floor.asking,
    hold: floor.hold,
    requireQuiet: floor.room.requireQuiet,
    watch: pulse.watch,
    beat: pulse.beat,
    ask: (wish) => {
      jobOf(history, wish.job)
      askForJob(home, wish)
    },
    close: async () => {
      leave()
      await floor.close()
    },
  }
}
