// Runs as a workbench offers them: asked for through the queue, and followed, stopped, cancelled and read by their
// number, which each has from the moment it is asked for. Its own jobs and studies begin them here.

import { EventEmitter, once } from 'node:events'
import { dirname } from 'node:path'

import { z } from 'zod'

import type { AskedRuns, ListedRun } from '../../contract/api/runs.ts'
import { type RunId, runId } from '../../contract/branded.ts'
import type { Plan } from '../../contract/engine-api.ts'
import { recordOf } from '../../contract/errors.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { RunPath } from '../../contract/run/path.ts'
import type { CoefficientTable, RunDetail, RunEvent } from '../../contract/run/run.ts'
import { runDetail } from '../../history/detail.ts'
import { coefficientsOf } from '../../history/epochs.ts'
import { jobAbout, putJobRequest } from '../../history/jobs.ts'
import { listRuns } from '../../history/listing/list.ts'
import { createRun, endRun, reviveRun, takeOutOfTrash } from '../../history/runs.ts'
import { type History, transaction } from '../../history/statement.ts'
import type { Jobs } from '../jobs/queue.ts'
import type { Supervisor } from '../link/supervisor.ts'
import type { Seat } from '../native/seat.ts'
import type { Checking } from './checking.ts'
import { journalOf } from './journal.ts'
import { lastEvent } from './last-event.ts'
import { pathOf } from './path.ts'
import { missingEpoch, requireResumable, stateAfter } from './refusals.ts'
import { type Hears, type Live, type Sittings, tellLast } from './sitting.ts'
import { only } from './watchers.ts'

export interface Runs {
  check(config: ResolvedConfig): Promise<Plan>
  /** Checks, then asks for it; resolves with the run's number when it is under way, or has to wait for its turn. */
  start(config: ResolvedConfig): Promise<RunId>
  /** device: for this sitting alone. Throws run-state for a run that cannot go on. */
  resume(run: RunId, device?: string): Promise<RunId>
  /** False where nobody works on it. */
  stop(run: RunId): Promise<boolean>
  /** Also of one that waits. False where it is over. */
  cancel(run: RunId): Promise<boolean>
  list(page: Partial<AskedRuns> & { offset?: number; limit: number }): { total: number; rows: ListedRun[] }
  show(run: RunId): RunDetail
  coefficients(run: RunId, stage: number, epoch: number): CoefficientTable
  path(run: RunId): RunPath
  /** "started" once it begins, then what is told from now on; of a run that is over, only its end. */
  watch(run: RunId): AsyncGenerator<RunEvent, void>
}

/** How a job has runs worked on. What is thrown here left no run at work. */
export interface RunsAtWork extends Pick<Runs, 'check'> {
  /** made: called with the run's number in the transaction that makes it. */
  begin(config: ResolvedConfig, made: (run: RunId) => void, hears?: Hears): Promise<Live>
  goOn(run: RunId, options: { device: string | null; resumed: boolean }, hears?: Hears): Promise<Live>
  /** Ends what the engine does for it at once. */
  end(): void
  /** Its last event is told when this returns. */
  tellLast(live: Live, last: RunEvent): void
  /** A run that could not begin when its turn came, or was cancelled before. */
  leave(run: RunId, thrown: unknown): void
}

export interface RunsOptions {
  history: History
  supervisor: Supervisor
  seat: Omit<Seat, 'device'>
  sittings: Sittings
  jobs: Jobs
  checking: Checking
}

export function createRuns(options: RunsOptions): { runs: Runs; atWork: RunsAtWork } {
  const { history, supervisor, seat, sittings, jobs } = options
  const { check } = options.checking
  const begins = new EventEmitter().setMaxListeners(0) // its run's number, when it is under way or will never be
  const here = (config: ResolvedConfig): Promise<Plan> => supervisor.askAnew((client) => client.check(config))
  /** A run goes on as it began, whatever is put beside its models meanwhile. */
  const settled = async (config: ResolvedConfig, by: Checking['check']) => {
    const { tower = null, memoryBytes } = await by(config)
    return { whole: { ...config, tower }, memoryBytes }
  }
  const beginning = new Set<RunId>()
  const atWork = createRunsAtWork(options, {
    ...{ begins, beginning, check },
    settled: async (config) => (await settled(config, here)).whole, // its job has the engine to itself
  })

  async function start(config: ResolvedConfig): Promise<RunId> {
    const { whole, memoryBytes } = await settled(config, check)
    if (!jobs.isAtWork('engine')) await seat.requireThere()
    let run = runId(0)
    const job = jobs.add(() => {
      run = createRun(history, whole, new Date(), 'interrupted')
      return { kind: 'run', request: { name: whole.name, device: null, memoryBytes }, run }
    })
    await jobs.begun(job)
    return run
  }

  async function resume(run: RunId, device: string | null = null): Promise<RunId> {
    const detail = runDetail(history, run)
    requireResumable(detail)
    const known = jobAbout(history, 'run', run)
    const request = { ...asked.parse(known?.request), name: detail.name, device }
    takeOutOfTrash(history, run)
    if (known) jobs.resume(known.job, () => putJobRequest(history, known.job, request))
    const job = known?.job ?? jobs.add(() => ({ kind: 'run', request, run }))
    await jobs.begun(job)
    return run
  }

  async function* watch(run: RunId): AsyncGenerator<RunEvent, void> {
    while (!sittings.live(run) && (beginning.has(run) || isQueued(runDetail(history, run))))
      await once(begins, String(run))
    yield* sittings.live(run)?.watchers.watch() ?? only(lastEvent(history, run))
  }

  async function cancel(run: RunId): Promise<boolean> {
    const working = sittings.live(run)
    if (working?.elsewhere) return working.elsewhere.cancel()
    const job = jobAbout(history, 'run', run)
    if (job && (!working || job.state === 'running')) return jobs.cancel(job.job)
    if (!working || !supervisor.cancel()) return false
    await working.over
    return true
  }

  const runs: Runs = {
    check,
    start: (config) => jobs.asking(() => start(config)),
    resume,
    stop: async (run) => stopHere(sittings.live(run), supervisor),
    cancel,
    list: (page) => listRuns(history, page),
    show: (run) => {
      const detail = runDetail(history, run)
      const live = sittings.live(run)
      if (live) return live.witness.seen(detail)
      const log = journalOf(dirname(history.file), detail)
      return log.length > 0 ? { ...detail, log } : detail
    },
    coefficients: (run, stage, epoch) => coefficientsOf(history, run, stage, epoch) ?? missingEpoch(run, stage, epoch),
    path: (run) => pathOf(history, run),
    watch: (run) => sittings.live(run)?.watchers.watch() ?? watch(run),
  }
  return { runs, atWork }
}

/** false: nobody of this machine is at it. */
async function stopHere(live: Live | null, supervisor: Pick<Supervisor, 'stop'>): Promise<boolean> {
  if (!live || live.elsewhere) return false
  live.witness.note('Asked to stop: the best state of this stage is kept and evaluated.')
  return supervisor.stop()
}

/** What was known of its job, such as its memory, is still true. */
const asked = z.looseObject({}).catch({})

/** It begins, or goes on, when its turn comes, or when it is let go. */
const isQueued = ({ state }: Pick<RunDetail, 'state'>): boolean => state === 'waiting' || state === 'paused'

interface Beginning extends Pick<Runs, 'check'> {
  begins: EventEmitter
  beginning: Set<RunId>
  settled(config: ResolvedConfig): Promise<ResolvedConfig> // as it is kept
}

function createRunsAtWork(
  { history, supervisor, seat, sittings }: RunsOptions,
  { begins, beginning, check, settled }: Beginning,
): RunsAtWork {
  const sit = (...begun: Parameters<Sittings['sit']>): Live => {
    const live = sittings.sit(...begun)
    begins.emit(String(live.run))
    return live
  }
  return {
    check,
    begin: async (config, made, hears) => {
      const whole = await settled(config)
      await seat.requireThere()
      const run = transaction(history, () => {
        const created = createRun(history, whole, new Date())
        made(created)
        return created
      })
      return sit({ run, config: whole, resumed: false }, hears)
    },
    goOn: async (run, { device, resumed }, hears) => {
      beginning.add(run)
      try {
        const detail = runDetail(history, run)
        requireResumable(detail)
        if (device !== null) await seat.take(device)
        await seat.requireThere()
        reviveRun(history, run)
        return sit({ run, config: detail.config, resumed }, hears)
      } catch (thrown) {
        seat.leave()
        throw thrown
      } finally {
        beginning.delete(run)
        begins.emit(String(run))
      }
    },
    end: () => void supervisor.cancel(),
    tellLast,
    leave: (run, thrown) => {
      const error = thrown === null ? null : recordOf(thrown)
      endRun(history, run, error ? stateAfter(error) : 'cancelled', new Date(), error)
      begins.emit(String(run))
    },
  }
}
