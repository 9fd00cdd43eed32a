// Standard fine-tuning: theta itself is what is learned, theta from theta_pre.
import { towerModel } from '../../models/model.ts'
import type { Learner, MakeLearner, Place } from '../kind.ts'
import { type Variable, variables } from '../variables.ts'

export const standard: MakeLearner<'standard'> = (place) => {
  const moving = [...place.parameters.keys()].filter(place.mayMove)
  return weightsThemselves(
    place,
    moving.map((name) => ({ name, value: place.takeOver(name), rate: place.rateOf(name) })),
  )
}

/** What is learned are weights, some or all of them, under their own names. */
export function weightsThemselves({ tower, base }: Place, moving: readonly Variable[], notes: string[] = []): Learner {
  const { ops } = tower
  const theta = variables(ops, moving)
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
    notes,
    dispose: theta.dispose,
  }
}
