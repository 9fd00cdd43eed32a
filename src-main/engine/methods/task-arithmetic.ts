// Task arithmetic (Ilharco et al., ICLR 2023): theta = theta_pre + alpha sum_t tau_t, one alpha for all, searched on the
// grid 0, 0.05, ..., 1 by the selection metric, or 0, -0.05, ..., -1 where a task is to be forgotten (negation, its section 3). Nothing is
// differentiated; each grid point is one look.

import type { LearnState, Look, Stage } from '../coefficients/learn.ts'
import { copyOf, filled } from '../coefficients/table.ts'
import type { Method } from './index.ts'

const points = 21

export const taskArithmetic: Method = {
  name: 'task-arithmetic',
  length: () => ({ steps: points - 1, stepsPerEpoch: 1, epochs: points - 1 }),
  learn: (stage) => searchScalar(stage, stage.selection.bounded ? -1 : 1),
}

/** The grid's 21 points from 0 to `furthest`, all coefficients alike. */
export async function* searchScalar({ problem, selection, resume, stopping }: Stage, furthest: number): AsyncGenerator<Look> {
  const { vectors, groups } = problem
  let state: LearnState | undefined = resume
  for (let point = resume ? resume.epoch + 1 : 0; point < points && !(state && stopping()); point++) {
    const coefficients = filled(vectors.length, groups.length, (furthest * point) / (points - 1))
    const measured = await problem.evaluate(coefficients, selection.split)
    const metric = selection.metric(measured)
    const isBest = !state || selection.better(metric, state.best.metric)
    const none = filled(0, 0, 0)
    state = {
      epoch: point,
      coefficients,
      moments: { first: none, second: none, step: point },
      losses: [...(state?.losses ?? []), measured.loss],
      still: state?.still ?? metric,
      best: isBest || !state ? { step: point, metric, coefficients: copyOf(coefficients) } : state.best,
      sinceBest: isBest || !state ? 0 : state.sinceBest + 1,
    }
    yield { state, measured, metric, isBest, losses: [measured.loss], pareto: null }
  }
}
