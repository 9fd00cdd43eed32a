// Karcher mean of the directions of models on the sphere (arXiv 2603.04972), at their mean norm:
//   u <- exp_u(sum_i a_i log_u u_i),   log_u v = w / sin w (v - cos w u),   cos w = <u, v>
// from the normalized mean on, until the step is smaller than the tolerance. Every u lies in the models' span,
// u = sum_i c_i u_i, so that it is found from their dot products, and no model is read but twice.

import { karcher as card } from '../../../contract/merges/spheres/karcher.ts'
import { at } from '../../../numbers/vectors.ts'
import { divisorOf } from '../consensus/agree.ts'
import { combination, type Gram, gramOf, normsOf, productOf } from '../facts/products.ts'
import { scoped } from '../facts/region.ts'
import { merge } from '../merge.ts'

export const karcher = merge(card, {
  by: 'slice',
  of: 'all',
  prepare(sources, { iterations, tolerance, scope }) {
    const gram = scoped(sources, { scope, ofModels: true }, gramOf)
    return async (part) => {
      const products = await gram(part)
      const norms = normsOf(products)
      const weights = part.weights.map((w) => w / divisorOf(part.weights))
      const size = weights.reduce((sum, w, i) => sum + w * at(norms, i), 0)
      const mean = karcherMean(products, weights, { iterations, tolerance })
      return [
        combination(
          part,
          mean.map((c) => c * size),
        ),
      ]
    }
  },
})

/** What the models are multiplied by to give the mean direction, of length 1; of models that are all 0, 0. */
function karcherMean(
  gram: Gram,
  weights: readonly number[],
  { iterations, tolerance }: { iterations: number; tolerance: number },
): number[] {
  const norms = normsOf(gram)
  const present = [...norms.keys()].filter((i) => at(norms, i) > tolerance)
  const total = divisorOf(present.map((i) => at(weights, i)))
  const unit = gram.map((row, i) => row.map((v, j) => v / Math.max(at(norms, i) * at(norms, j), 1e-300)))
  const shares = norms.map((_, i) => (present.includes(i) ? at(weights, i) / total : 0))
  const [first] = present
  if (first === undefined) return norms.map(() => 0)
  const length = (c: readonly number[]): number => Math.sqrt(Math.max(0, productOf(unit, c, c)))
  let c = shares
  if (length(c) < tolerance) c = shares.map((_, i) => (i === first ? 1 : 0))
  c = over(c, length(c))
  for (let k = 0; k < iterations; k++) {
    const step = tangent(unit, shares, present, c, tolerance)
    const size = length(step)
    if (size < tolerance) break
    c = c.map((v, i) => Math.cos(size) * v + (Math.sin(size) / size) * at(step, i))
    c = over(c, length(c))
  }
  return c.map((v, i) => (v === 0 ? 0 : v / at(norms, i)))
}

const over = (c: readonly number[], by: number): number[] => c.map((v) => v / by)

/** sum_i a_i log_u u_i; what lies opposite has no direction to be gone in. */
function tangent(
  unit: Gram,
  shares: readonly number[],
  present: readonly number[],
  c: readonly number[],
  tolerance: number,
): number[] {
  const step = c.map(() => 0)
  for (const i of present) {
    const cosine = (unit[i] as Float64Array).reduce((sum, v, j) => sum + v * at(c, j), 0)
    const angle = Math.acos(Math.max(-1, Math.min(1, cosine)))
    const sine = Math.sin(angle)
    if (angle < tolerance || sine < tolerance) continue
    const by = (at(shares, i) * angle) / sine
    for (const [j, v] of c.entries()) step[j] = at(step, j) + by * ((i === j ? 1 : 0) - cosine * v)
  }
  return step
}
