// Standard fine-tuning: theta itself is what is learned, theta from theta_pre.
import { towerModel } from '../../models/model.ts'
import type { MakeLearner } from '../kind.ts'
import { variables } from '../variables.ts'

export const standard: MakeLearner<'standard'> = (place) => {
  const { tower, base, takeOver, parameters, mayMove, rateOf } = place
  const { ops } = tower
  const moving = [...parameters.keys()].filter(mayMove)
  const theta = variables(
    ops,
    moving.map((name) => ({ name, value: takeOver(name), rate: rateOf(name) })),
  )
  const model = towerModel(tower, (name) => (theta.has(name) ? theta.value(name) : base(name)))
  return {
    learned: theta.count,
    wants: theta.has,
    moves: theta.has,
    open: () => ({ model, close: () => undefined }),
    back: (name, gradient, gradients) => gradients.add(name, gradient),
    move: theta.move,
    theta: (name) => ops.read(theta.value(name)),
    state: theta.state,
    restore: theta.restore,
    notes: [],
    dispose: theta.dispose,
  }
}
