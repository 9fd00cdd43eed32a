// Adaptive weight disentanglement (Xiong et al., 2024): what the task vectors have in common is taken out of them, so
// that what is left is orthogonal:
//   tau_t <- tau_t - delta,   delta = argmin mean_{i<j} |cos(tau_i - delta, tau_j - delta)| + alpha |delta| / s
// The paper has no code and does not say what is one vector, nor the scale: s, the mean norm of the task vectors, makes
// the answer that of vectors of any size, and steps go down the gradient in units of s. Gradients lie in the vectors'
// span, so that delta = sum_t d_t tau_t is found from their dot products. The best delta met is taken.

import { awd as card } from '../../../contract/merges/vectors/awd.ts'
import { at } from '../../../numbers/vectors.ts'
import { combination, type Gram, gramOf, normsOf, productOf } from '../facts/products.ts'
import { scoped } from '../facts/region.ts'
import { merge } from '../merge.ts'

interface Descent {
  alpha: number
  rate: number
  steps: number
}

export const awd = merge(card, {
  by: 'slice',
  of: 'all',
  prepare(sources, { scope, ...descent }) {
    const found = scoped(sources, { scope }, async (region) => redundancy(await gramOf(region), descent))
    return async (part) => {
      const delta = combination(part, await found(part))
      const { vectors, weights } = part
      return vectors.map((tau, t) => () => tau.map((v, i) => at(weights, t) * (v - at(delta, i))))
    }
  },
})

/** d; of vectors that are all 0, 0. */
export function redundancy(gram: Gram, { alpha, rate, steps }: Descent): number[] {
  const norms = normsOf(gram)
  const size = norms.reduce((a, b) => a + b, 0) / norms.length
  let d = norms.map(() => 0)
  if (size === 0) return d
  const unit = gram.map((row) => row.map((v) => v / (size * size)))
  let best = { value: Number.POSITIVE_INFINITY, d }
  for (let k = 0; k <= steps; k++) {
    const { value, gradient } = objective(unit, d, alpha)
    if (value < best.value) best = { value, d }
    d = d.map((v, t) => v - rate * at(gradient, t))
  }
  return best.d
}

/** Its value at delta, and the gradient with regard to delta, as numbers that the vectors are multiplied by. */
export function objective(gram: Gram, d: readonly number[], alpha: number): { value: number; gradient: number[] } {
  const count = d.length
  const length = Math.sqrt(Math.max(0, productOf(gram, d, d)))
  const gradient = d.map((v) => (length > tiny ? (alpha * v) / length : 0))
  const rests = d.map((_, t) => d.map((v, s) => (s === t ? 1 : 0) - v)) // tau_t - delta
  const norms = rests.map((rest) => Math.sqrt(Math.max(0, productOf(gram, rest, rest))))
  const pairs = Math.max(1, (count * (count - 1)) / 2)
  let value = alpha * length
  for (let i = 0; i < count; i++)
    for (let j = 0; j < i; j++) {
      const [a, b] = [rests[i] as number[], rests[j] as number[]]
      const [p, q] = [at(norms, i), at(norms, j)]
      if (p <= tiny || q <= tiny) continue
      const cosine = productOf(gram, a, b) / (p * q)
      value += Math.abs(cosine) / pairs
      const by = Math.sign(cosine) / pairs
      for (let s = 0; s < count; s++) {
        const [x, y] = [at(a, s), at(b, s)]
        const slope = (x + y) / (p * q) - cosine * (x / (p * p) + y / (q * q)) // of the cosine along -delta
        gradient[s] = at(gradient, s) - by * slope
      }
    }
  return { value, gradient }
}

const tiny = 1e-12
