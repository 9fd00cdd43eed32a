// Epochs: for each the coefficient table (vectors x blocks), the selection metric, the losses of its steps with the
// norms of their gradients behind them where they were told, and the scores of each task. One transaction an epoch,
// together with the state to resume from; only then is it told to anyone. Where coefficients have a posterior its mean,
// deviation and inclusion stand behind the table, in its column.
import type { RunId } from '../contract/branded.ts'
import type { Posterior } from '../contract/run/posterior.ts'
import type { CoefficientTable, EpochRecord, ResumeState, TaskScore } from '../contract/run/run.ts'
import { sound } from './checksums.ts'
import { listsFromBytes, listsToBytes, tablesFromBytes, tablesToBytes } from './numbers.ts'
import { putResume } from './resume.ts'
import { change, type History, row, rows, transaction } from './statement.ts'

interface EpochRow {
  stage: number
  epoch: number
  step: number
  losses: Uint8Array
  metric: number
  best: number
  tasks: string
  seconds: number
  remaining_seconds: number | null
  pareto: string | null
  collapse: string | null
}

export type StoredEpoch = Omit<EpochRecord, 'coefficients' | 'posterior'>

/** runSeconds: engine time of the run over all sittings. On disk when this returns. */
export function putEpoch(history: History, run: RunId, e: EpochRecord, resume: ResumeState, runSeconds: number): void {
  transaction(history, () => {
    change(
      history,
      `INSERT OR REPLACE INTO epochs (run, stage, epoch, step, losses, metric, best, tasks, coefficients, seconds,
       remaining_seconds, pareto, collapse)
       VALUES (:run, :stage, :epoch, :step, :losses, :metric, :best, :tasks, :coefficients, :seconds, :remaining,
       :pareto, :collapse)`,
      {
        run,
        stage: e.stage,
        epoch: e.epoch,
        step: e.step,
        losses: listsToBytes(e.gradients ? [e.losses, e.gradients] : [e.losses]),
        metric: e.metric,
        best: Number(e.best),
        tasks: JSON.stringify(e.tasks),
        coefficients: tablesToBytes([e.coefficients, ...tablesOf(e.posterior)]),
        seconds: e.seconds,
        remaining: e.remainingSeconds,
        pareto: e.pareto ? JSON.stringify(e.pareto) : null,
        collapse: e.collapse ? JSON.stringify(e.collapse) : null,
      },
    )
    putResume(history, run, resume)
    change(history, 'UPDATE runs SET seconds = :seconds WHERE run = :run', { run, seconds: runSeconds })
  })
}

/** Without their coefficient tables, in order. */
export function epochsOf(history: History, run: RunId): StoredEpoch[] {
  return rows<EpochRow>(
    history,
    `SELECT stage, epoch, step, losses, metric, best, tasks, seconds, remaining_seconds, pareto, collapse FROM epochs
     WHERE run = :run AND ${sound(history, 'epochs')} ORDER BY stage, epoch`,
    { run },
  ).map((r) => ({
    stage: r.stage,
    epoch: r.epoch,
    step: r.step,
    ...numbersOf(r.losses),
    metric: r.metric,
    best: r.best === 1,
    tasks: JSON.parse(r.tasks) as TaskScore[],
    seconds: r.seconds,
    remainingSeconds: r.remaining_seconds,
    ...(r.pareto !== null && { pareto: JSON.parse(r.pareto) as NonNullable<StoredEpoch['pareto']> }),
    ...(r.collapse !== null && { collapse: JSON.parse(r.collapse) as NonNullable<StoredEpoch['collapse']> }),
  }))
}

function numbersOf(bytes: Uint8Array): Pick<StoredEpoch, 'losses' | 'gradients'> {
  const [losses = [], gradients] = listsFromBytes(bytes)
  return { losses, ...(gradients && { gradients }) }
}

const tablesOf = (p: Posterior | undefined): CoefficientTable[] => (p ? [p.mean, p.deviation, p.inclusion] : [])

/** One epoch's table; null when there is no such epoch. */
export function coefficientsOf(history: History, run: RunId, stage: number, epoch: number): CoefficientTable | null {
  return tablesAt(history, run, stage, epoch)?.[0] ?? null
}

/** One epoch's posterior; null when there is no such epoch, or its method learned none. */
export function posteriorOf(history: History, run: RunId, stage: number, epoch: number): Posterior | null {
  const [, mean, deviation, inclusion] = tablesAt(history, run, stage, epoch) ?? []
  return mean && deviation && inclusion ? { mean, deviation, inclusion } : null
}

function tablesAt(history: History, run: RunId, stage: number, epoch: number): CoefficientTable[] | null {
  const found = row<{ coefficients: Uint8Array }>(
    history,
    `SELECT coefficients FROM epochs WHERE run = :run AND stage = :stage AND epoch = :epoch
     AND ${sound(history, 'epochs', { long: true })}`,
    { run, stage, epoch },
  )
  return found ? tablesFromBytes(found.coefficients) : null
}

/** Takes back what lies after an epoch of a stage. */
export function rewindEpochs(history: History, run: RunId, stage: number, epoch: number): void {
  change(history, 'DELETE FROM epochs WHERE run = :run AND (stage > :stage OR (stage = :stage AND epoch > :epoch))', {
    run,
    stage,
    epoch,
  })
}
