// A way of learning: c_k = 1 - 2^-k, one look a step.
import { firstLook, isOver, nextLook } from '../../../src-main/engine/learning/looks.ts'
import { lengthOf } from '../../../src-main/engine/learning/stage.ts'
import type { Way } from '../../../src-main/engine/learning/way.ts'
import { filled } from '../../../src-main/numbers/table.ts'

export const halving: Way = {
  name: 'halving',
  measuresLast: false,
  length: (stage) => lengthOf({ ...stage, batch: 'all' }),
  async *learn(stage) {
    const { problem, selection } = stage
    const { steps } = lengthOf({ ...stage, batch: 'all' })
    const at = (step: number) => ({
      coefficients: filled(problem.vectors.length, problem.groups.length, 1 - 2 ** -step),
      moments: { first: filled(0, 0, 0), second: filled(0, 0, 0), step },
    })
    let state = stage.resume
    if (!state) {
      const measured = await problem.evaluate(at(0).coefficients, selection.split)
      const first = firstLook(selection, at(0), measured, [measured.loss])
      state = first.state
      yield first
    }
    while (!isOver(state, stage, steps)) {
      Object.assign(state, at(state.moments.step + 1))
      const measured = await problem.evaluate(state.coefficients, selection.split)
      yield nextLook(selection, state, measured, [measured.loss])
    }
  },
}
