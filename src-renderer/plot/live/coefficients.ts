// The coefficients of the model at one look of a run, block by vector: those of the start as they are, and in an
// iteration the start's times what the iterations before and the look itself make of the difference vector.
import { collapse } from '../../../src-main/contract/run/coefficients.ts'
import type { CoefficientTable, RunDetail, StageDetail } from '../../../src-main/contract/run/run.ts'
import { type HeatRow, startRows } from '../heat.ts'
import { stageName } from '../scores.ts'

export interface LookAt {
  stage: number
  epoch: number
}

/** Every look of a run, in order. */
export function looksOf(stages: readonly StageDetail[]): LookAt[] {
  return stages.flatMap(({ stage, epochs }) => epochs.map(({ epoch }) => ({ stage, epoch })))
}

export function lookName({ stage, epoch }: LookAt): string {
  return `${stageName(stage)}, ${epoch === 0 ? 'before its first step' : `after epoch ${epoch}`}`
}

/** table: the stage's own, at that look. */
export function modelAt(
  { start, iterations, config }: Pick<RunDetail, 'start' | 'iterations' | 'config'>,
  stage: number,
  table: CoefficientTable,
): HeatRow[] {
  if (stage === 0) return startRows(start, table)
  const before = iterations.filter((s) => s.stage < stage).map(({ coefficients }) => coefficients[0] ?? [])
  const model = collapse(start?.coefficients ?? [], [...before, table[0] ?? []], config.control)
  return startRows(
    start,
    model.map((row) => [...row]),
  )
}
