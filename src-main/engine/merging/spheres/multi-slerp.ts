// Multi-SLERP (mergekit): the weighted mean of the directions of models, or of task vectors, at their mean norm:
//   u_i = x_i / |x_i|,   m = sum_i w_i u_i,   x = m / |m|  sum_i w_i |x_i|
// The step that it takes from there along the sphere's tangent, by sum_i w_i (u_i - (u_i m) m), is 0 in exact numbers.
// Directions that cancel out have no mean; their vectors' plain mean is taken.

import { multiSlerp as card } from '../../../contract/merges/spheres/multi-slerp.ts'
import { at } from '../../../numbers/vectors.ts'
import { divisorOf } from '../consensus/agree.ts'
import { combination, gramOf, normsOf, productOf } from '../facts/products.ts'
import { scoped } from '../facts/region.ts'
import { merge } from '../merge.ts'

export const multiSlerp = merge(card, {
  by: 'slice',
  of: 'all',
  prepare(sources, { of, normalize }) {
    const gram = scoped(sources, { scope: 'tensor', ofModels: of === 'models' }, gramOf)
    return async (part) => {
      const products = await gram(part)
      const sum = normalize ? divisorOf(part.weights) : 1
      const weights = part.weights.map((w) => w / sum)
      if (weights.length === 1) return [combination(part, [1])]
      const norms = normsOf(products)
      const c = weights.map((w, i) => w / (at(norms, i) + tiny))
      const length = Math.sqrt(Math.max(0, productOf(products, c, c)))
      if (length < cancelled) return [combination(part, weights)]
      const size = weights.reduce((total, w, i) => total + w * at(norms, i), 0)
      return [
        combination(
          part,
          c.map((v) => (v / length) * size),
        ),
      ]
    }
  },
})

const tiny = 1e-8
const cancelled = 1e-7 // of unit vectors whose sum is found out of dot products in float64
