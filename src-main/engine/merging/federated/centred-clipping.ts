// Centred clipping (Karimireddy et al., ICML 2021) of task vectors: a mean that no one vector can pull further than the
// radius, found by steps from the pre-trained model:
//   v <- v + sum_t p_t (tau_t - v) min(1, r / |tau_t - v|),   v_0 = 0
// r is counted in medians of |tau_t|, so that one number serves models of any size. v lies in the vectors' span, and is
// found from their dot products.

import { centredClipping as card } from '../../../contract/merges/federated/centred-clipping.ts'
import { at } from '../../../numbers/vectors.ts'
import { divisorOf } from '../consensus/agree.ts'
import { combination, type Gram, gramOf, normsOf, productOf } from '../facts/products.ts'
import { scoped } from '../facts/region.ts'
import { merge } from '../merge.ts'

export const centredClipping = merge(card, {
  by: 'slice',
  of: 'all',
  prepare(sources, { radius, iterations, scope }) {
    const gram = scoped(sources, { scope }, gramOf)
    return async (part) => {
      const shares = part.weights.map((w) => w / divisorOf(part.weights))
      return [combination(part, clippedMean(await gram(part), shares, { radius, iterations }))]
    }
  },
})

/** v, as numbers that the vectors are multiplied by. */
export function clippedMean(
  gram: Gram,
  shares: readonly number[],
  { radius, iterations }: { radius: number; iterations: number },
): number[] {
  const sorted = Float64Array.from(normsOf(gram)).sort()
  const middle = (sorted.length - 1) / 2
  const most = radius * ((at(sorted, Math.floor(middle)) + at(sorted, Math.ceil(middle))) / 2)
  let v = shares.map(() => 0)
  for (let k = 0; k < iterations; k++) {
    const next = [...v]
    for (const [t, share] of shares.entries()) {
      const rest = v.map((c, s) => (s === t ? 1 : 0) - c)
      const length = Math.sqrt(Math.max(0, productOf(gram, rest, rest)))
      const by = share * (length > most ? most / length : 1)
      for (const [s, c] of rest.entries()) next[s] = at(next, s) + by * c
    }
    v = next
  }
  return v
}
