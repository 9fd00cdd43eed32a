// All that history knows of one run, in the contract's shape, from one consistent state of the file. A stage that has
// not ended shows its best state so far and the losses of its epochs in order; one that has shows what its end gave.
// Damaged rows are left out and named, so that what is sound of a run can still be seen.

import type { RunId } from '../contract/branded.ts'
import { BasilError } from '../contract/errors.ts'
import { methodCard } from '../contract/methods/lookup.ts'
import type { ResolvedConfig } from '../contract/run/config.ts'
import { skippedOf } from '../contract/run/difference-vector.ts'
import type { EngineInfo } from '../contract/run/engine-info.ts'
import type { DataWait, RunDetail, StageDetail } from '../contract/run/run.ts'
import { sparing } from './checksums.ts'
import { enginesOf } from './engines.ts'
import { coefficientsOf, epochsOf, posteriorOf, type StoredEpoch } from './epochs.ts'
import { parentsOf } from './parents.ts'
import { evaluationsOf, finalScores } from './run-evaluations.ts'
import { manifestsOf, testOpeningsOf } from './run-images.ts'
import { missingRows } from './run-rows.ts'
import { halvingsOf, imagesOf, type RunRow, runRow, summaryOf } from './runs.ts'
import { type StoredStage, stagesOf } from './stages.ts'
import { type History, snapshot, tellDamage } from './statement.ts'

/** Throws run-missing, or history-damaged where the run's own row is. */
export function runDetail(history: History, run: RunId): RunDetail {
  return snapshot(history, () => {
    const found = runRow(history, run)
    const missing: BasilError[] = []
    const { found: detail, damaged } = sparing(history, () => {
      missing.push(...missingRows(history, run))
      return readDetail(history, found)
    })
    damaged.push(...missing)
    // some rows are read for more than one thing
    const each = new Map(damaged.map(({ record }) => [record.where, record]))
    for (const record of each.values()) tellDamage(history, record)
    return { ...detail, damaged: [...each.values()] }
  })
}

/**
 * For work that must not go by less than all of it: throws the first damage but an epoch's, whose state nobody asked
 * for.
 */
export function requireSound({ damaged }: RunDetail): void {
  const first = damaged.find(({ where }) => !where.startsWith('table epochs,'))
  if (first) throw new BasilError(first)
}

function readDetail(history: History, found: RunRow): Omit<RunDetail, 'damaged'> {
  const { run } = found
  const summary = summaryOf(history, found)
  const { found: measured, damaged } = sparing(history, () => evaluationsOf(history, run))
  const evaluations = damaged.length ? [] : measured // a mean over some of the tasks would be another number
  const epochs = Map.groupBy(epochsOf(history, run), (e) => e.stage)
  const stages = stagesOf(history, run).map((s) => stageDetail(history, run, s, epochs.get(s.stage) ?? []))
  const config = JSON.parse(found.config) as ResolvedConfig
  const scores = finalScores(evaluations, config.tasks)
  const start = stages.find((s) => s.kind === 'start') ?? null
  const iterations = stages.filter((s) => s.kind === 'iteration')
  const skipped = skippedOf({ config, start, iterations, state: summary.state })
  return {
    ...summary,
    accuracy: summary.accuracy ?? scores.accuracy,
    relativeAccuracy: summary.relativeAccuracy ?? scores.relativeAccuracy,
    ...(scores.forgotten !== null && { forgotten: scores.forgotten }),
    blocks: found.blocks === null ? [] : (JSON.parse(found.blocks) as string[]),
    start,
    iterations,
    ...(skipped && { skipped }),
    config,
    engineInfo: found.engine === null ? null : (JSON.parse(found.engine) as EngineInfo),
    engines: enginesOf(found),
    halvings: halvingsOf(found),
    parents: parentsOf(history, run),
    parameters: found.parameters,
    images: imagesOf(history, run),
    data: manifestsOf(history, run),
    openings: testOpeningsOf(history, run),
    dataWait: found.data_wait === null ? null : (JSON.parse(found.data_wait) as DataWait),
    evaluations,
    evaluatedOn: scores.evaluatedOn,
    tasks: scores.tasks,
    seeds: [found.seed],
    times: { created: found.created, ended: found.ended, seconds: found.seconds },
  }
}

function stageDetail(history: History, run: RunId, { end, ...stage }: StoredStage, epochs: StoredEpoch[]): StageDetail {
  const best = epochs.findLast((e) => e.best)
  const isUncertain = methodCard(stage.method)?.learns.uncertain === true
  const posterior = best && isUncertain ? posteriorOf(history, run, best.stage, best.epoch) : null
  if (end) return { ...stage, ...end, ...(posterior && { posterior }), ended: true, epochs }
  return {
    ...stage,
    ended: false,
    accepted: false,
    best: best?.step ?? 0,
    still: null,
    metric: best?.metric ?? null,
    coefficients: best ? (coefficientsOf(history, run, best.stage, best.epoch) ?? []) : [],
    ...(posterior && { posterior }),
    losses: epochs.flatMap((e) => e.losses),
    epochs,
  }
}
