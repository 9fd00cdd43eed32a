// Task arithmetic (Ilharco et al., ICLR 2023): theta = theta_pre + alpha sum_t tau_t, one alpha for all, searched on
// the grid 0, 0.05, ..., 1 by the selection metric, or 0, -0.05, ..., -1 where a task is to be forgotten (negation, its
// section 3). Nothing is differentiated; each grid point is one look.

import { filled } from '../../../numbers/table.ts'
import { firstLook, nextLook } from '../looks.ts'
import type { Method } from '../method.ts'
import type { LearnState, Look, Stage } from '../stage.ts'

const points = 21

export const taskArithmetic: Method = {
  name: 'task-arithmetic',
  measuresLast: false, // each loss is that of a point
  length: () => ({ steps: points - 1, stepsPerEpoch: 1, epochs: points - 1 }),
  learn: (stage) => searchScalar(stage, stage.selection.bounded ? -1 : 1),
}

/** The grid's 21 points from 0 to `furthest`, all coefficients alike. */
export async function* searchScalar(
  { problem, selection, resume, stopping }: Stage,
  furthest: number,
): AsyncGenerator<Look> {
  const { vectors, groups } = problem
  const none = filled(0, 0, 0)
  let state: LearnState | undefined = resume
  for (let point = resume ? resume.epoch + 1 : 0; point < points && !(state && stopping()); point++) {
    const coefficients = filled(vectors.length, groups.length, (furthest * point) / (points - 1))
    const measured = await problem.evaluate(coefficients, selection.split)
    const at = { coefficients, moments: { first: none, second: none, step: point } }
    const look: Look = state
      ? nextLook(selection, Object.assign(state, at), measured, [measured.loss])
      : firstLook(selection, at, measured, [measured.loss])
    state = look.state
    yield look
  }
}
