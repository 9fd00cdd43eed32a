// Fine-tunings as a workbench offers them: asked for through the queue, one or a whole set of them, and followed,
// stopped, cancelled and read by their number, which each has from the moment it is asked for.
import { EventEmitter, once } from 'node:events'

import { z } from 'zod'

import { recordOf } from '../../contract/errors.ts'
import { cardOf, type ResolvedTuning } from '../../contract/tuning/config.ts'
import { type TuningOutput, tuningOutputSchema } from '../../contract/tuning/output.ts'
import type { TuningDetail, TuningEvent, TuningPlan, TuningSummary } from '../../contract/tuning/tuning.ts'
import { removeTuningStates, tuningsWithStates } from '../../files/tuning-folders.ts'
import { jobAbout, putJobRequest } from '../../history/jobs.ts'
import type { History } from '../../history/statement.ts'
import { listTunings, tuningDetail } from '../../history/tunings/detail.ts'
import {
  createTuning,
  endTuning,
  forgetTuning,
  reviveTuning,
  tuningRow,
  tuningStateNow,
} from '../../history/tunings/tunings.ts'
import type { Jobs } from '../jobs/queue.ts'
import type { Supervisor } from '../link/supervisor.ts'
import type { Seat } from '../native/seat.ts'
import type { Checking } from '../runs/checking.ts'
import { stateAfter } from '../runs/refusals.ts'
import { only } from '../runs/watchers.ts'
import { lastTuningEvent } from './last-event.ts'
import { requireGoesOn, requireLeft } from './refusals.ts'
import type { LiveTuning, TuningHears, TuningSittings } from './sitting.ts'

export interface Tunings {
  check(config: ResolvedTuning): Promise<TuningPlan>
  /** Checks, then asks for it; resolves with its number when it is under way, or has to wait for its turn. */
  start(config: ResolvedTuning, output?: TuningOutput): Promise<number>
  /** The same of several, which are all asked for or none: a job each, in their order. */
  startSet(configs: readonly ResolvedTuning[], output?: TuningOutput): Promise<number[]>
  /** device: for this sitting alone. Throws run-state for one that cannot go on. */
  resume(tuning: number, device?: string): Promise<number>
  /** What there is by now becomes the model. False where nobody works on it. */
  stop(tuning: number): Promise<boolean>
  /** After its next state, or where `now` at once: it goes on from its last one. */
  pause(tuning: number, now: boolean): Promise<boolean>
  /** Also of one that waits. False where it is over. */
  cancel(tuning: number): Promise<boolean>
  /** Newest first. */
  list(): TuningSummary[]
  show(tuning: number): TuningDetail
  /** "started" once it begins, then what is told from now on; of one that is over, only its end. */
  watch(tuning: number): AsyncGenerator<TuningEvent, void>
  /** With its states; its model and its openings of test data stay. Throws run-state while it is open. */
  forget(tuning: number): Promise<boolean>
}

/** How a job has one worked on. What is thrown here left none at work. */
export interface TuningsAtWork {
  goOn(tuning: number, options: { device: string | null; resumed: boolean }, hears?: TuningHears): Promise<LiveTuning>
  /** Ends what the engine does for it at once. */
  end(): void
  /** Its last event is told when this returns. */
  tellLast(live: LiveTuning, last: TuningEvent): void
  /** One that could not begin when its turn came, or was cancelled before. */
  leave(tuning: number, thrown: unknown): void
  /** The same once more, in a transaction. */
  again(tuning: number): number
}

export interface TuningsOptions {
  history: History
  home: string
  supervisor: Supervisor
  seat: Omit<Seat, 'device'>
  tuningSittings: TuningSittings
  jobs: Jobs
  checking: Checking
}

const asFile: TuningOutput = tuningOutputSchema.parse({})

export function createTunings(options: TuningsOptions): { tunings: Tunings; atWork: TuningsAtWork } {
  const { history, home, supervisor, tuningSittings: sittings, jobs } = options
  const begins = new EventEmitter().setMaxListeners(0) // its number, when it is under way or will never be
  const { plan: check } = options.checking
  const atWork = createTuningsAtWork(options, begins)
  if (history.write) void removeLeftStates(history, home)

  async function startSet(configs: readonly ResolvedTuning[], output: TuningOutput): Promise<number[]> {
    const plans: TuningPlan[] = []
    for (const config of configs) plans.push(await check(config))
    if (!jobs.isAtWork('engine')) await options.seat.requireThere()
    const made: number[] = []
    const all = jobs.addAll(
      configs.map((config, i) => () => {
        const tuning = createTuning(history, config, output, new Date())
        made.push(tuning)
        const request = { name: config.name, device: null, memoryBytes: plans[i]?.memoryBytes ?? null }
        return { kind: 'tuning' as const, request, tuning }
      }),
    )
    const [first] = all
    if (first !== undefined) await jobs.begun(first)
    return made
  }

  async function resume(tuning: number, device: string | null = null): Promise<number> {
    const row = tuningRow(history, tuning)
    requireGoesOn({ tuning, state: tuningStateNow(history, row) })
    const known = jobAbout(history, 'tuning', tuning)
    const request = { ...z.looseObject({}).catch({}).parse(known?.request), name: row.name, device }
    if (known) jobs.resume(known.job, () => putJobRequest(history, known.job, request))
    await jobs.begun(known?.job ?? jobs.add(() => ({ kind: 'tuning', request, tuning })))
    return tuning
  }

  const isQueued = (tuning: number): boolean => {
    const state = tuningStateNow(history, tuningRow(history, tuning))
    return state === 'waiting' || state === 'paused'
  }

  async function* watch(tuning: number): AsyncGenerator<TuningEvent, void> {
    while (!sittings.live(tuning) && (atWork.isBeginning(tuning) || isQueued(tuning)))
      await once(begins, String(tuning))
    yield* sittings.live(tuning)?.watchers.watch() ?? only(lastTuningEvent(history, tuning))
  }

  async function cancel(tuning: number): Promise<boolean> {
    tuningRow(history, tuning)
    const job = jobAbout(history, 'tuning', tuning)
    return job ? jobs.cancel(job.job) : false
  }

  const tunings: Tunings = {
    check,
    start: async (config, output = asFile) => {
      const [tuning = 0] = await jobs.asking(() => startSet([config], output))
      return tuning
    },
    startSet: (configs, output = asFile) => jobs.asking(() => startSet(configs, output)),
    resume,
    stop: async (tuning) => (sittings.live(tuning) ? supervisor.stop() : false),
    pause: async (tuning, now) => {
      tuningRow(history, tuning)
      const job = jobAbout(history, 'tuning', tuning)
      if (job) await jobs.pause(job.job, now)
      return job !== null
    },
    cancel,
    list: () => listTunings(history),
    show: (tuning) => tuningDetail(history, tuning),
    watch: (tuning) => sittings.live(tuning)?.watchers.watch() ?? watch(tuning),
    forget: async (tuning) => {
      requireLeft({ tuning, state: tuningStateNow(history, tuningRow(history, tuning)) })
      forgetTuning(history, tuning)
      await removeTuningStates(tuning, home)
      return true
    },
  }
  return { tunings, atWork }
}

/**
 * One for each task, of a template that says all else: other tasks are the others of the set, where a kind looks at
 * them and the template names none.
 */
export function setOf(
  template: Record<string, unknown>,
  tasks: readonly { name: string; data: string }[],
): Record<string, unknown>[] {
  const { task: _, name: _name, others = [], ...rest } = template
  const isNamed = Array.isArray(others) && others.length > 0
  const looks = cardOf(rest.kind as ResolvedTuning['kind'])?.others === true
  return tasks.map((task) => ({
    ...rest,
    task,
    ...(isNamed && { others }),
    ...(looks && !isNamed && { others: tasks.filter((other) => other !== task).map(({ data }) => data) }),
  }))
}

/**
 * States of what is done, that an end before its time has left; those of fine-tunings that this history does not know
 * may be another's, which was set aside as damaged. Never rejects.
 */
export async function removeLeftStates(history: History, home: string): Promise<void> {
  for (const tuning of await tuningsWithStates(home)) {
    try {
      const { state } = tuningRow(history, tuning)
      if (state === 'done' || state === 'stopped') await removeTuningStates(tuning, home)
    } catch {
      // it is not known here, or its row is damaged
    }
  }
}

function createTuningsAtWork(
  { history, supervisor, seat, tuningSittings: sittings }: TuningsOptions,
  begins: EventEmitter,
): TuningsAtWork & { isBeginning(tuning: number): boolean } {
  const beginning = new Set<number>()
  return {
    isBeginning: (tuning) => beginning.has(tuning),
    goOn: async (tuning, { device, resumed }, hears) => {
      beginning.add(tuning)
      try {
        requireGoesOn({ tuning, state: stateBeforeWork(history, tuning) })
        if (device !== null) await seat.take(device)
        await seat.requireThere()
        reviveTuning(history, tuning)
        return sittings.sit(tuning, resumed, hears)
      } catch (thrown) {
        seat.leave()
        throw thrown
      } finally {
        beginning.delete(tuning)
        begins.emit(String(tuning))
      }
    },
    end: () => void supervisor.cancel(),
    tellLast: ({ watchers }, last) => {
      watchers.tell(last)
      watchers.end()
    },
    leave: (tuning, thrown) => {
      const error = thrown === null ? null : recordOf(thrown)
      endTuning(history, tuning, error ? stateAfter(error) : 'cancelled', new Date(), error)
      begins.emit(String(tuning))
    },
    again: (tuning) => {
      const { config, output } = tuningRow(history, tuning)
      return createTuning(history, JSON.parse(config) as ResolvedTuning, JSON.parse(output), new Date())
    },
  }
}

/** Whatever its job says, which is at work by now. A row whose end the disk did not take says that it is running. */
function stateBeforeWork(history: History, tuning: number) {
  const { state } = tuningRow(history, tuning)
  return state === 'running' && !history.tunes(tuning) ? 'interrupted' : state
}
