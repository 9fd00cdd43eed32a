// One row a run: what it was told, what state it is in, and what a list shows of it. A run is running only while
// somebody works on it; a row that says so without is shown as interrupted.

import { type RunId, runId } from '../contract/branded.ts'
import { BasilError, type ErrorRecord } from '../contract/errors.ts'
import type { ResolvedConfig } from '../contract/run/config.ts'
import type { EngineInfo } from '../contract/run/engine-info.ts'
import type { EngineEvent, EngineShare, Halving, RunState, RunSummary } from '../contract/run/run.ts'
import { sound, sparing } from './checksums.ts'
import { enginesOf, enginesWith } from './engines.ts'
import { rewindEpochs } from './epochs.ts'
import { jobAbout } from './jobs.ts'
import { putParents } from './parents.ts'
import { resumeOf } from './resume.ts'
import { evaluationsOf, finalScores, rewindEvaluations } from './run-evaluations.ts'
import { parsedLeaks } from './run-images.ts'
import { rewindStages } from './stages.ts'
import { change, damageIn, type History, row, soundOnly, tellDamage, transaction } from './statement.ts'

export interface RunRow {
  run: RunId
  name: string
  method: string
  objective: string
  grouping: string
  state: RunState
  seed: number
  created: string
  ended: string | null
  seconds: number
  iterations_planned: number
  iterations_done: number
  accuracy: number | null
  relative_accuracy: number | null
  config: string
  engine: string | null
  blocks: string | null
  parameters: number | null
  error: string | null
  engines: string | null
  halvings: string | null
  images: string | null
  leaks: string | null
  data_wait: string | null
}
type Opened = Extract<EngineEvent, { type: 'opened' }>

/** The new run's number. One that waits for its turn is an interrupted one that has nothing yet. */
export function createRun(
  history: History,
  c: ResolvedConfig,
  now: Date,
  state: 'running' | 'interrupted' = 'running',
): RunId {
  const made = transaction(history, () =>
    row<{ run: RunId }>(
      history,
      `INSERT INTO runs (name, method, objective, grouping, state, seed, created, iterations_planned, config)
       VALUES (:name, :method, :objective, :grouping, :state, :seed, :created, :planned, :config) RETURNING run`,
      {
        name: c.name,
        method: c.method,
        objective: c.objective,
        grouping: c.blocks,
        state,
        seed: c.seed,
        created: now.toISOString(),
        planned: c.iterations,
        config: JSON.stringify(c),
      },
    ),
  )
  return made?.run ?? runId(0)
}

/** Throws run-missing. */
export function runRow(history: History, run: RunId): RunRow {
  const found = row<RunRow>(history, `SELECT * FROM runs WHERE run = :run AND ${sound(history, 'runs')}`, { run })
  if (!found)
    throw new BasilError({
      code: 'run-missing',
      what: 'There is no such run',
      where: `run ${run}`,
      why: 'the history has no run of that number',
      next: '"basil runs" lists all of them',
      inWindow: 'choose one of those on the page History',
    })
  return found
}

/** Gives the engines that have computed the run, this one included. */
export function putOpened(history: History, run: RunId, e: Opened): EngineShare[] {
  return transaction(history, () => {
    putParents(history, run, e.parents)
    const engines = enginesWith(enginesOf(runRow(history, run)), resumeOf(history, run), e.engine)
    const text = `UPDATE runs SET engine = :engine, engines = :engines, blocks = :blocks, parameters = :parameters,
     images = :images
      WHERE run = :run`
    change(history, text, {
      run,
      engines: JSON.stringify(engines),
      engine: JSON.stringify(e.engine),
      blocks: JSON.stringify(e.blocks),
      parameters: e.parameters,
      images: JSON.stringify(e.images),
    })
    return engines
  })
}

export type ImageCounts = Opened['images'][number]

/** Of every task; none where the run has not opened its data. */
export function imagesOf(history: History, run: RunId): ImageCounts[] {
  const { images } = runRow(history, run)
  return images === null ? [] : (JSON.parse(images) as ImageCounts[])
}

export function halvingsOf({ halvings }: RunRow): Halving[] {
  return halvings === null ? [] : (JSON.parse(halvings) as Halving[])
}

/** A resumed run may tell of one again: it is kept once. */
export function putHalving(history: History, run: RunId, halving: Halving): void {
  const others = halvingsOf(runRow(history, run)).filter((h) => h.from !== halving.from)
  putHalvings(
    history,
    run,
    [...others, halving].sort((a, b) => b.from - a.from),
  )
}

function putHalvings(history: History, run: RunId, halvings: Halving[]): void {
  change(history, 'UPDATE runs SET halvings = :halvings WHERE run = :run', { run, halvings: JSON.stringify(halvings) })
}

export function countIterations(history: History, run: RunId): void {
  change(
    history,
    `UPDATE runs SET iterations_done = (SELECT count(*) FROM stages WHERE run = :run AND kind = 'iteration'
     AND accepted IS NOT NULL) WHERE run = :run`,
    { run },
  )
}

/** A run that nobody works on any more: done, stopped, or why not. seconds: over all sittings; null: as it stands. */
export function endRun(
  history: History,
  run: RunId,
  state: Exclude<RunState, 'waiting' | 'paused' | 'running'>,
  now: Date,
  error: ErrorRecord | null,
  seconds: number | null = null,
): void {
  transaction(history, () => {
    const scores = finalScores(evaluationsOf(history, run), configOf(runRow(history, run)).tasks)
    change(
      history,
      `UPDATE runs SET state = :state, ended = :ended, error = :error, accuracy = :accuracy,
       relative_accuracy = :relative,
         seconds = coalesce(:seconds, seconds) WHERE run = :run`,
      {
        run,
        state,
        ended: now.toISOString(),
        error: error && JSON.stringify(error),
        accuracy: scores.accuracy,
        relative: scores.relativeAccuracy,
        seconds,
      },
    )
  })
}

/** Makes a run running again, out of the trash, and takes back whatever lies after its last kept epoch: it will be told anew. */
export function reviveRun(history: History, run: RunId): void {
  transaction(history, () => {
    const from = resumeOf(history, run)
    const stage = from?.stage ?? -1
    rewindEpochs(history, run, stage, from?.epoch ?? -1)
    rewindStages(history, run, stage)
    rewindEvaluations(history, run, Math.max(stage, 0))
    countIterations(history, run)
    const size = from?.microBatch ?? Number.POSITIVE_INFINITY
    putHalvings(
      history,
      run,
      halvingsOf(runRow(history, run)).filter((h) => h.to >= size),
    )
    takeOutOfTrash(history, run)
    change(
      history,
      `UPDATE runs SET state = 'running', ended = NULL, error = NULL, accuracy = NULL, relative_accuracy = NULL
       WHERE run = :run`,
      { run },
    )
  })
}

/** It never stopped, only nobody here heard of it: all that is kept of it stays. */
export function reopenRun(history: History, run: RunId): void {
  const text = `UPDATE runs SET state = 'running', ended = NULL, error = NULL WHERE run = :run AND state = 'interrupted'`
  change(history, text, { run })
}

/** Damaged marks, which may say so, stay as they are. */
export function takeOutOfTrash(history: History, run: RunId): void {
  const text = `UPDATE run_marks SET trashed = NULL
     WHERE run = :run AND trashed IS NOT NULL AND ${sound(history, 'run_marks')}`
  soundOnly(history, () => change(history, text, { run }))
}

/** As it was stored: older runs do not have every field. */
function configOf({ config }: RunRow): ResolvedConfig {
  return JSON.parse(config) as ResolvedConfig
}

/** A run whose row is damaged stays in the list, where nothing is said of it but that. */
export function soundSummary(history: History, run: RunId): RunSummary {
  try {
    return summaryOf(history, runRow(history, run))
  } catch (thrown) {
    const error = damageIn(thrown)
    tellDamage(history, error)
    const unknown = { method: '', objective: '', grouping: '', linearised: false, seed: 0, created: '', ended: null }
    const figures = { seconds: 0, iterationsPlanned: 0, iterationsDone: 0, accuracy: null, relativeAccuracy: null }
    const none = { engine: null, leaks: [] }
    return { run, name: 'damaged', state: 'failed', ...unknown, ...figures, ...none, error }
  }
}

/** Unknown where an evaluation is damaged: a mean over the others would be another number. */
function scoresNow(
  history: History,
  run: RunId,
  tasks: ResolvedConfig['tasks'],
): Pick<RunSummary, 'accuracy' | 'relativeAccuracy'> {
  const { found, damaged } = sparing(history, () => evaluationsOf(history, run))
  for (const { record } of damaged) tellDamage(history, record)
  return finalScores(damaged.length > 0 ? [] : found, tasks)
}

/** One that goes on when its turn comes is waiting, and paused where it is held, whatever it was before. */
export function stateNow(history: History, { run, state }: Pick<RunRow, 'run' | 'state'>): RunState {
  const now = state === 'running' && !history.lives(run) ? 'interrupted' : state
  const goesOn = now === 'interrupted' || now === 'cancelled' || now === 'failed'
  const queued = goesOn ? jobAbout(history, 'run', run)?.state : null
  return queued === 'waiting' || queued === 'paused' ? queued : now
}

export function summaryOf(history: History, r: RunRow): RunSummary {
  const { tasks, linearised = 'no' } = configOf(r)
  const forgets = tasks.some(({ aim }) => aim === 'forget') // these were counted in the stored mean once
  const { accuracy, relativeAccuracy } = forgets
    ? scoresNow(history, r.run, tasks)
    : { accuracy: r.accuracy, relativeAccuracy: r.relative_accuracy }
  return {
    run: r.run,
    name: r.name,
    method: r.method,
    objective: r.objective,
    grouping: r.grouping,
    linearised: linearised !== 'no',
    state: stateNow(history, r),
    seed: r.seed,
    created: r.created,
    ended: r.ended,
    seconds: r.seconds,
    iterationsPlanned: r.iterations_planned,
    iterationsDone: r.iterations_done,
    accuracy,
    relativeAccuracy,
    engine: r.engine && (JSON.parse(r.engine) as EngineInfo).name,
    error: r.error === null ? null : (JSON.parse(r.error) as ErrorRecord),
    leaks: parsedLeaks(r.leaks),
  }
}
