// The norm of the gradient before each step. Runs of an older Basil have not kept it: what they computed is a gap.
import type { StageDetail } from '../../../src-main/contract/run/run.ts'
import { lossLines, type StageLine } from '../curves.ts'
import { figure } from '../format.ts'

/** One point a step; x as in the lines of the loss. */
export function gradientLines(stages: readonly StageDetail[]): StageLine[] {
  return lossLines(
    stages.map((stage) => ({
      ...stage,
      epochs: stage.epochs.map((e) => ({ ...e, losses: e.gradients ?? e.losses.map(() => Number.NaN) })),
    })),
  ).map((line) => (line.points.some(({ y }) => !Number.isNaN(y)) ? line : { ...line, points: [] }))
}

export function gradientSentence(lines: readonly StageLine[]): string {
  const all = lines.flatMap(({ points }) => points).filter(({ y }) => Number.isFinite(y))
  const [first, last] = [all[0], all.at(-1)]
  if (!first || !last) return 'No gradient has been told yet.'
  return `The norm of the gradient went from ${figure(first.y)} to ${figure(last.y)} in ${all.length} steps.`
}
