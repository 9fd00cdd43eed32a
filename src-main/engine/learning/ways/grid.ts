// One coefficient for all vectors and blocks, searched on a grid of 21 points from 0 to the furthest by the selection
// metric; where a task is to be forgotten, the other way, if the method says so. Nothing is differentiated; each grid
// point is one look.

import { gridPoints as points } from '../../../contract/methods/card.ts'
import { filled } from '../../../numbers/table.ts'
import { firstLook, nextLook } from '../looks.ts'
import type { LearnState, Look, Stage } from '../stage.ts'
import type { Way } from '../way.ts'

export const grid: Way = {
  name: 'grid',
  measuresLast: false, // each loss is that of a point
  length: () => ({ steps: points - 1, stepsPerEpoch: 1, epochs: points - 1 }),
  learn: (stage, { furthest = 1, turns = false }) =>
    search(stage, turns && stage.selection.bounded ? -furthest : furthest),
}

async function* search({ problem, selection, resume, stopping }: Stage, furthest: number): AsyncGenerator<Look> {
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
