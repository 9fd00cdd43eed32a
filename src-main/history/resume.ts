// The state to go on from: one row a run, replaced in the very transaction that keeps its epoch, so that the two can
// never tell different stories. Everything is float64 as it was; see numbers.ts.
import type { RunId } from '../contract/branded.ts'
import type { ResumeState } from '../contract/run/run.ts'
import { sound } from './checksums.ts'
import { listFromBytes, listToBytes, tableFromBytes, tablesFromBytes, tablesToBytes, tableToBytes } from './numbers.ts'
import { change, type History, row } from './statement.ts'

interface ResumeRow {
  stage: number
  epoch: number
  step: number
  coefficients: Uint8Array
  first_moment: Uint8Array
  second_moment: Uint8Array
  losses: Uint8Array
  still: number
  best_step: number
  best_metric: number
  best_coefficients: Uint8Array
  since_best: number
  completed: Uint8Array
  micro_batch: number | null
}

/** To be called in the transaction of the epoch. */
export function putResume(history: History, run: RunId, s: ResumeState): void {
  change(
    history,
    `INSERT OR REPLACE INTO resume (run, stage, epoch, step, coefficients, first_moment, second_moment, losses, still,
     best_step, best_metric,
       best_coefficients, since_best, completed, micro_batch)
     VALUES (:run, :stage, :epoch, :step, :coefficients, :first, :second, :losses, :still,
       :bestStep, :bestMetric, :bestCoefficients, :sinceBest, :completed, :microBatch)`,
    {
      run,
      stage: s.stage,
      epoch: s.epoch,
      step: s.step,
      coefficients: tableToBytes(s.coefficients),
      first: tableToBytes(s.firstMoment),
      second: tableToBytes(s.secondMoment),
      losses: listToBytes(s.losses),
      still: s.still,
      bestStep: s.best.step,
      bestMetric: s.best.metric,
      bestCoefficients: tableToBytes(s.best.coefficients),
      sinceBest: s.sinceBest,
      completed: tablesToBytes(s.completed),
      microBatch: s.microBatch,
    },
  )
}

/** null: no epoch of this run was ever kept, so it begins anew. */
export function resumeOf(history: History, run: RunId): ResumeState | null {
  const r = row<ResumeRow>(history, `SELECT * FROM resume WHERE run = :run AND ${sound(history, 'resume')}`, { run })
  if (!r) return null
  return {
    stage: r.stage,
    epoch: r.epoch,
    step: r.step,
    coefficients: tableFromBytes(r.coefficients),
    firstMoment: tableFromBytes(r.first_moment),
    secondMoment: tableFromBytes(r.second_moment),
    losses: listFromBytes(r.losses),
    still: r.still,
    best: { step: r.best_step, metric: r.best_metric, coefficients: tableFromBytes(r.best_coefficients) },
    sinceBest: r.since_best,
    completed: tablesFromBytes(r.completed),
    microBatch: r.micro_batch,
  }
}
