// FedNova (Wang et al., NeurIPS 2020) for task vectors (Tao et al., 2024): who went more steps does not count for more:
//   tau = (sum_t p_t a_t) sum_t p_t tau_t / a_t,   p_t = w_t / sum_s w_s
// with a_t the steps that model t was trained for. Where nobody knows them, its vector's norm stands for them.

import { BasilError } from '../../../contract/errors.ts'
import { fednova as card } from '../../../contract/merges/federated/fednova.ts'
import { at } from '../../../numbers/vectors.ts'
import { divisorOf } from '../consensus/agree.ts'
import { combination, gramOf, normsOf } from '../facts/products.ts'
import { scoped } from '../facts/region.ts'
import { merge } from '../merge.ts'

export const fednova = merge(card, {
  by: 'slice',
  of: 'all',
  prepare(sources, { steps }) {
    const { length } = sources.vectors
    if (steps.length > 0 && steps.length !== length) throw notOne(steps.length, length)
    const lengths = scoped(sources, { scope: 'model' }, async (region) =>
      steps.length ? steps : normsOf(await gramOf(region)),
    )
    return async (part) => {
      const found = await lengths(part)
      const shares = part.weights.map((w) => w / divisorOf(part.weights))
      const mean = shares.reduce((sum, p, t) => sum + p * at(found, t), 0)
      return [
        combination(
          part,
          shares.map((p, t) => (at(found, t) > 0 ? (mean * p) / at(found, t) : 0)),
        ),
      ]
    }
  },
})

function notOne(steps: number, models: number): BasilError {
  return new BasilError({
    code: 'config-invalid',
    what: 'There is not one number of steps for each model',
    where: 'steps',
    why: `there are ${steps}, and ${models} models`,
    next: "give one for each, or none: then their vectors' norms stand for them",
  })
}
