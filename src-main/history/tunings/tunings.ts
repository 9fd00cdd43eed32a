// One row a fine-tuning: what it was told, what state it is in, and what it came to. It is running only while somebody
// works on it; a row that says so without is shown as interrupted, and one whose job waits is shown as waiting.
import { BasilError, type ErrorRecord } from '../../contract/errors.ts'
import type { EngineInfo } from '../../contract/run/engine-info.ts'
import type { Parent, RunState } from '../../contract/run/run.ts'
import type { ResolvedTuning } from '../../contract/tuning/config.ts'
import { type TuningEngineEvent, type TuningPlan, tuningPlanSchema } from '../../contract/tuning/tuning.ts'
import { sound } from '../checksums.ts'
import { isSameArithmetic } from '../engines.ts'
import { jobAbout } from '../jobs.ts'
import { change, type History, row, rows, soundOnly, transaction } from '../statement.ts'
import { cutCurve } from './curve.ts'
import { cutLooks } from './looks.ts'

export interface TuningRow {
  tuning: number
  name: string
  kind: string
  task: string
  state: RunState
  seed: number
  created: string
  ended: string | null
  seconds: number
  steps: number
  planned: number | null
  accuracy: number | null
  target: string | null
  model: string | null
  adapter: string | null
  sha256: string | null
  error: string | null
  config: string
  output: string
  plan: string | null
  engines: string | null
  parents: string | null
  notes: string | null
  finished: string | null
}

type Told<T extends TuningEngineEvent['type']> = Extract<TuningEngineEvent, { type: T }>

/** All but what is long. */
const columns = `tuning, name, kind, task, state, seed, created, ended, seconds, steps, planned, accuracy, target,
  model, adapter, sha256, error, config, output, plan, engines, parents, notes, finished`

/** Its number. It waits for its turn, and so is an interrupted one that has nothing yet. output: JSON. */
export function createTuning(history: History, config: ResolvedTuning, output: unknown, now: Date): number {
  const made = row<{ tuning: number }>(
    history,
    `INSERT INTO tunings (name, kind, task, state, seed, created, config, output)
     VALUES (:name, :kind, :task, 'interrupted', :seed, :created, :config, :output) RETURNING tuning`,
    {
      name: config.name,
      kind: config.kind,
      task: config.task.name,
      seed: config.seed,
      created: now.toISOString(),
      config: JSON.stringify(config),
      output: JSON.stringify(output),
    },
  )
  return made?.tuning ?? 0
}

/** Throws run-missing. */
export function tuningRow(history: History, tuning: number): TuningRow {
  const text = `SELECT ${columns} FROM tunings WHERE tuning = :tuning AND ${sound(history, 'tunings')}`
  const found = row<TuningRow>(history, text, { tuning })
  if (found) return found
  throw new BasilError({
    code: 'run-missing',
    what: 'There is no such fine-tuning',
    where: `fine-tuning ${tuning}`,
    why: 'the history has none of that number',
    next: '"basil fine-tune --list" lists all of them',
    inWindow: 'choose one of those that are listed',
  })
}

/** Newest first. */
export function tuningRows(history: History): TuningRow[] {
  const text = `SELECT ${columns} FROM tunings WHERE ${sound(history, 'tunings')} ORDER BY tuning DESC`
  return soundOnly(history, () => rows<TuningRow>(history, text))
}

/** It has opened what it is made of, and goes on from a state: what was told beyond that goes. */
export function putTuningOpened(history: History, tuning: number, event: Told<'opened'>): void {
  const { engine, parents, from } = event
  const plan = tuningPlanSchema.parse(event)
  transaction(history, () => {
    cutCurve(history, tuning, from)
    cutLooks(history, tuning, from)
    const before = from > 0 ? enginesOf(tuningRow(history, tuning)) : []
    const last = before.at(-1)
    const engines = last && isSameArithmetic(last, engine) ? before : [...before, engine]
    change(
      history,
      `UPDATE tunings SET plan = :plan, planned = :planned, engines = :engines, parents = :parents
       WHERE tuning = :tuning`,
      {
        tuning,
        plan: JSON.stringify(plan),
        planned: plan.steps,
        engines: JSON.stringify(engines),
        parents: JSON.stringify(parents),
      },
    )
  })
}

export const enginesOf = ({ engines }: Pick<TuningRow, 'engines'>): EngineInfo[] =>
  engines === null ? [] : (JSON.parse(engines) as EngineInfo[])
export const parentsIn = ({ parents }: Pick<TuningRow, 'parents'>): Parent[] =>
  parents === null ? [] : (JSON.parse(parents) as Parent[])
export const planIn = ({ plan }: Pick<TuningRow, 'plan'>): TuningPlan | null =>
  plan === null ? null : (JSON.parse(plan) as TuningPlan)
export const notesIn = ({ notes }: Pick<TuningRow, 'notes'>): string[] =>
  notes === null ? [] : (JSON.parse(notes) as string[])

/** Each once, whatever a sitting that goes on says again. */
export function putTuningNote(history: History, tuning: number, text: string): void {
  const notes = notesIn(tuningRow(history, tuning))
  if (notes.includes(text)) return
  change(history, 'UPDATE tunings SET notes = :notes WHERE tuning = :tuning', {
    tuning,
    notes: JSON.stringify([...notes, text]),
  })
}

export function putTuningOpening(
  history: History,
  tuning: number,
  { task, images }: Pick<Told<'opening'>, 'task' | 'images'>,
  now: Date,
): void {
  const text = 'INSERT INTO openings (opened, tuning, task, data) VALUES (:opened, :tuning, :task, :data)'
  change(history, text, { opened: now.toISOString(), tuning, task, data: images })
}

/** Where it is written is settled. */
export function putTuningTarget(history: History, tuning: number, target: string): void {
  change(history, 'UPDATE tunings SET target = :target WHERE tuning = :tuning', { tuning, target })
}

/** seconds: over all sittings. */
export function putTuningSeconds(history: History, tuning: number, seconds: number): void {
  change(history, 'UPDATE tunings SET seconds = :seconds WHERE tuning = :tuning', { tuning, seconds })
}

export function putTuningFinished(history: History, tuning: number, event: Told<'finished'>): void {
  const { type: _, ...finished } = event
  change(history, 'UPDATE tunings SET finished = :finished, accuracy = :accuracy WHERE tuning = :tuning', {
    tuning,
    finished: JSON.stringify(finished),
    accuracy: event.accuracy,
  })
}

/** Its model is a file: it is done, or stopped where somebody ended it early. */
export function putTuningWritten(history: History, tuning: number, event: Told<'written'>, now: Date): void {
  const { file, adapter, sha256 } = event
  change(
    history,
    `UPDATE tunings SET model = :file, adapter = :adapter, sha256 = :sha256, ended = :ended,
       state = CASE WHEN json_extract(finished, '$.stopped') THEN 'stopped' ELSE 'done' END WHERE tuning = :tuning`,
    { tuning, file, adapter, sha256, ended: now.toISOString() },
  )
}

/** Nobody works on it any more. */
export function endTuning(
  history: History,
  tuning: number,
  state: 'interrupted' | 'cancelled' | 'failed',
  now: Date,
  error: ErrorRecord | null,
): void {
  const text = 'UPDATE tunings SET state = :state, ended = :ended, error = :error WHERE tuning = :tuning'
  change(history, text, { tuning, state, ended: now.toISOString(), error: error && JSON.stringify(error) })
}

/** It is worked on again, from its last state. */
export function reviveTuning(history: History, tuning: number): void {
  change(
    history,
    `UPDATE tunings SET state = 'running', ended = NULL, error = NULL, finished = NULL, accuracy = NULL
     WHERE tuning = :tuning`,
    { tuning },
  )
}

/** Its openings of test data stay. */
export function forgetTuning(history: History, tuning: number): void {
  change(history, 'DELETE FROM tunings WHERE tuning = :tuning', { tuning })
}

/** One that goes on when its turn comes is waiting, and paused where it is held, whatever it was before. */
export function tuningStateNow(history: History, { tuning, state }: Pick<TuningRow, 'tuning' | 'state'>): RunState {
  const now = state === 'running' && !history.tunes(tuning) ? 'interrupted' : state
  const goesOn = now === 'interrupted' || now === 'cancelled' || now === 'failed'
  const queued = goesOn ? jobAbout(history, 'tuning', tuning)?.state : null
  return queued === 'waiting' || queued === 'paused' ? queued : now
}
