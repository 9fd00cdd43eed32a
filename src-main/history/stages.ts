// A run's stretches of learning: stage 0 is the start, stages 1..M the iterations. A stage's coefficients (vectors x
// blocks) and losses are here once it has ended; until then they are with its epochs.
import type { RunId } from '../contract/branded.ts'
import type { CoefficientTable, StageEnd, StageRecord } from '../contract/run/run.ts'
import { sound } from './checksums.ts'
import { listFromBytes, listToBytes, tableFromBytes, tableToBytes } from './numbers.ts'
import { change, type History, rows } from './statement.ts'

interface StageRow {
  stage: number
  kind: 'start' | 'iteration'
  method: string
  vectors: string
  epochs_planned: number
  steps_per_epoch: number
  accepted: number | null
  best: number | null
  still: number | null
  metric: number | null
  coefficients: Uint8Array | null
  losses: Uint8Array | null
}

export interface StoredStage extends StageRecord {
  end: StageEnd | null
}

/** A stage that begins; told again after a restart, it replaces nothing that was learned. */
export function putStage(history: History, run: RunId, s: StageRecord): void {
  change(
    history,
    `INSERT INTO stages (run, stage, kind, method, vectors, epochs_planned, steps_per_epoch)
     VALUES (:run, :stage, :kind, :method, :vectors, :epochs, :steps)
     ON CONFLICT (run, stage) DO UPDATE SET kind = excluded.kind, method = excluded.method, vectors = excluded.vectors,
       epochs_planned = excluded.epochs_planned, steps_per_epoch = excluded.steps_per_epoch`,
    {
      run,
      stage: s.stage,
      kind: s.kind,
      method: s.method,
      vectors: JSON.stringify(s.vectors),
      epochs: s.epochsPlanned,
      steps: s.stepsPerEpoch,
    },
  )
}

export function endStage(history: History, run: RunId, end: StageEnd): void {
  change(
    history,
    `UPDATE stages SET accepted = :accepted, best = :best, still = :still, metric = :metric,
     coefficients = :coefficients, losses = :losses
     WHERE run = :run AND stage = :stage`,
    {
      run,
      stage: end.stage,
      accepted: Number(end.accepted),
      best: end.best,
      still: end.still,
      metric: end.metric,
      coefficients: tableToBytes(end.coefficients),
      losses: listToBytes(end.losses),
    },
  )
}

export function stagesOf(history: History, run: RunId): StoredStage[] {
  return rows<StageRow>(
    history,
    `SELECT * FROM stages WHERE run = :run AND ${sound(history, 'stages')} ORDER BY stage`,
    { run },
  ).map(stored)
}

/** Takes back what lies after a state to resume from: later stages (-1: all), and the end of its own. */
export function rewindStages(history: History, run: RunId, stage: number): void {
  change(history, 'DELETE FROM stages WHERE run = :run AND stage > :stage', { run, stage })
  change(
    history,
    `UPDATE stages SET accepted = NULL, best = NULL, still = NULL, metric = NULL, coefficients = NULL, losses = NULL
     WHERE run = :run AND stage = :stage`,
    { run, stage },
  )
}

/** Chosen coefficients of the stages that have ended, from the start on. */
export function chosenCoefficients(
  history: History,
  run: RunId,
): { accepted: boolean; coefficients: CoefficientTable }[] {
  const chosen = []
  for (const { end } of stagesOf(history, run)) {
    if (!end) break
    chosen.push({ accepted: end.accepted, coefficients: end.coefficients })
  }
  return chosen
}

function stored(r: StageRow): StoredStage {
  return {
    stage: r.stage,
    kind: r.kind,
    method: r.method,
    vectors: JSON.parse(r.vectors) as string[],
    epochsPlanned: r.epochs_planned,
    stepsPerEpoch: r.steps_per_epoch,
    end:
      r.coefficients === null
        ? null
        : {
            stage: r.stage,
            accepted: r.accepted === 1,
            best: r.best ?? 0,
            still: r.still ?? 0,
            metric: r.metric ?? 0,
            coefficients: tableFromBytes(r.coefficients),
            losses: r.losses ? listFromBytes(r.losses) : [],
          },
  }
}
