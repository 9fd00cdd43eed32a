// Linear fine-tuning (Ortiz-Jimenez et al. 2023), in the tangent space at theta_pre:
//   f_lin(x; theta) = f(x; theta_pre) + J(x; theta_pre) (theta - theta_pre)
// What is learned is delta = theta - theta_pre, from 0; decay pulls theta, not delta, to 0. Features are normalised as
// a whole.
import type { Tensor } from '../../devices/tensor.ts'
import { linearModel } from '../../models/model.ts'
import type { Learner, MakeLearner, Place } from '../kind.ts'
import { type Variables, variables } from '../variables.ts'

export const linear: MakeLearner<'linear'> = (place) => tangent(place).learner

/** With delta, of which a penalty may know more. */
export function tangent({ tower, base, parameters, mayMove, rateOf }: Place): { learner: Learner; delta: Variables } {
  const { ops } = tower
  const delta = variables(
    ops,
    [...parameters.keys()].filter(mayMove).map((name) => {
      const origin = base(name)
      return { name, value: ops.keep(ops.zeros(origin.shape)), origin, rate: rateOf(name) }
    }),
  )
  const model = linearModel(tower, base, (name) => (delta.has(name) ? delta.value(name) : undefined))
  const learner: Learner = {
    learned: delta.count,
    wants: delta.has,
    moves: delta.has,
    open: () => ({ model, close: () => undefined }),
    back: (name, gradient, gradients) => gradients.add(name, gradient),
    move: delta.move,
    async theta(name) {
      const sum: Tensor = ops.add(base(name), delta.value(name))
      try {
        return await ops.read(sum)
      } finally {
        sum.dispose()
      }
    },
    state: delta.state,
    restore: delta.restore,
    notes: [],
    dispose: delta.dispose,
  }
  return { learner, delta }
}
