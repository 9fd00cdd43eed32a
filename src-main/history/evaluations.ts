// Evaluations outside runs, and the openings of test data. What opens test data is written down before the data is
// opened, so that a process that dies over it has still opened it. Runs open their test data once each, at the end, and
// keep their openings likewise (run-images.ts); of runs of 0.1.0 their evaluations on "test" say so.

import type { EvaluationReport, EvaluationRequest, EvaluationSummary, Opening } from '../contract/api/evaluations.ts'
import type { ErrorRecord } from '../contract/errors.ts'
import { sound } from './checksums.ts'
import { jobAbout } from './jobs.ts'
import { change, type History, row, rows, soundOnly, transaction } from './statement.ts'

interface EvaluationRow {
  evaluation: number
  created: string
  state: EvaluationSummary['state']
  error: string | null
  split: EvaluationSummary['split']
  models: string
  tasks: string
  accuracy: number | null
}

/** Gives the evaluation's number. */
export function createEvaluation(history: History, { models, tasks, split }: EvaluationRequest, now: Date): number {
  const names = (named: readonly { name: string }[]): string => JSON.stringify(named.map(({ name }) => name))
  const made = row<{ evaluation: number }>(
    history,
    `INSERT INTO model_evaluations (created, state, split, models, tasks)
     VALUES (:created, 'running', :split, :models, :tasks)
     RETURNING evaluation`,
    { created: now.toISOString(), split, models: names(models), tasks: names(tasks) },
  )
  return made?.evaluation ?? 0
}

/** To be called before the engine hears of it: where it is on test data, every task's opening is on disk then. */
export function putOpenings(
  history: History,
  evaluation: number,
  { tasks, split }: Pick<EvaluationRequest, 'tasks' | 'split'>,
  now: Date,
): void {
  if (split !== 'test') return
  const text = 'INSERT INTO openings (opened, evaluation, task, data) VALUES (:opened, :evaluation, :task, :data)'
  transaction(history, () => {
    for (const { name, data } of tasks)
      change(history, text, { opened: now.toISOString(), evaluation, task: name, data })
  })
}

export function putReport(history: History, evaluation: number, report: EvaluationReport): void {
  change(
    history,
    `UPDATE model_evaluations SET state = 'done', accuracy = :accuracy, report = :report
     WHERE evaluation = :evaluation`,
    {
      evaluation,
      accuracy: report.models[0]?.accuracy ?? null,
      report: JSON.stringify(report),
    },
  )
}

export function failEvaluation(history: History, evaluation: number, error: ErrorRecord): void {
  change(history, `UPDATE model_evaluations SET state = 'failed', error = :error WHERE evaluation = :evaluation`, {
    evaluation,
    error: JSON.stringify(error),
  })
}

const columns = 'evaluation, created, state, error, split, models, tasks, accuracy'

/** Newest first. */
export function listEvaluations(history: History): EvaluationSummary[] {
  const text = `SELECT ${columns} FROM model_evaluations WHERE ${sound(history, 'model_evaluations')}
   ORDER BY evaluation DESC`
  const found = soundOnly(history, () => rows<EvaluationRow>(history, text))
  return found.map((one) => summaryOf(history, one))
}

export function evaluationOf(history: History, evaluation: number): EvaluationSummary | null {
  const text = `SELECT ${columns} FROM model_evaluations WHERE evaluation = :evaluation
   AND ${sound(history, 'model_evaluations')}`
  const found = row<EvaluationRow>(history, text, { evaluation })
  return found ? summaryOf(history, found) : null
}

export function reportOf(history: History, evaluation: number): EvaluationReport | null {
  const isSound = sound(history, 'model_evaluations', { long: true })
  const text = `SELECT report FROM model_evaluations WHERE evaluation = :evaluation AND ${isSound}`
  const found = row<{ report: string | null }>(history, text, { evaluation })
  return found?.report ? (JSON.parse(found.report) as EvaluationReport) : null
}

/** Its openings stay. */
export function forgetEvaluation(history: History, evaluation: number): void {
  change(history, 'DELETE FROM model_evaluations WHERE evaluation = :evaluation', { evaluation })
}

/**
 * Every time that any of these images were opened as test data, oldest first, after them the runs of a time that kept
 * no openings.
 */
export function openingsOf(history: History, data: readonly string[]): Opening[] {
  const wanted = JSON.stringify([...new Set(data)])
  const kept = rows<Opening>(
    history,
    `SELECT data, task, opened, evaluation, run, tuning FROM openings
     WHERE data IN (SELECT value FROM json_each(:wanted)) AND ${sound(history, 'openings')} ORDER BY opening`,
    { wanted },
  )
  const older = rows<Opening>(
    history,
    `SELECT DISTINCT json_extract(t.value, '$.test') AS data, e.task, r.ended AS opened, NULL AS evaluation,
     r.run, NULL AS tuning
     FROM runs r JOIN json_each(r.config, '$.tasks') t JOIN evaluations e ON e.run = r.run AND e.split = 'test'
     AND e.task = json_extract(t.value, '$.name')
     WHERE r.run NOT IN (SELECT run FROM run_rows WHERE openings > 0 OR evaluations = 0)
       AND json_extract(t.value, '$.test') IN (SELECT value FROM json_each(:wanted))
       AND NOT EXISTS (SELECT 1 FROM openings o WHERE o.run = r.run) AND ${sound(history, 'runs', { as: 'r' })}
       ORDER BY r.run`,
    { wanted },
  )
  return [...kept, ...older]
}

/** The images an evaluation opened as test data. */
export function openedBy(history: History, evaluation: number): string[] {
  const text = `SELECT data FROM openings WHERE evaluation = :evaluation AND ${sound(history, 'openings')}`
  return rows<{ data: string }>(history, text, { evaluation }).map(({ data }) => data)
}

/** One that did not end is what its job is: waiting, running, or left by whoever worked on it. */
function summaryOf(history: History, found: EvaluationRow): EvaluationSummary {
  const { evaluation, created, state, error, split, models, tasks, accuracy } = found
  return {
    evaluation,
    created,
    state: state === 'running' ? stateNow(history, evaluation) : state,
    error: error ? (JSON.parse(error) as ErrorRecord) : null,
    split,
    models: JSON.parse(models) as string[],
    tasks: JSON.parse(tasks) as string[],
    accuracy,
  }
}

function stateNow(history: History, evaluation: number): EvaluationSummary['state'] {
  const state = jobAbout(history, 'evaluation', evaluation)?.state
  return state === 'waiting' || state === 'running' ? state : 'interrupted'
}
