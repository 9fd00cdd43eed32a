// TIES (Yadav et al., NeurIPS 2023) on whole models or tensors, a slice at a time:
//   trim:  of each vector the `density` n elements of largest |tau| stay, over all its parameters together or of each;
//   elect: gamma_i = sign(sum_t w_t tau_t,i), the sign with the greater mass;
//   merge: tau_i = mean over the vectors with tau_t,i != 0 and sign gamma_i.
// Trimmed vectors by themselves, with the elements of the other sign gone too, are what AdaMerging++ learns
// coefficients of. Memory holds a slice of every model, no model.
import { ties as card } from '../../../contract/merges/consensus/ties.ts'
import { type Cut, isAmong, largest } from '../facts/largest.ts'
import { type Region, scoped } from '../facts/region.ts'
import { rescaled, shares } from '../facts/rescale.ts'
import { merge, ownOf, type Part } from '../merge.ts'
import { agreed, elect, electedByZero, massesOf, weighted } from './agree.ts'

const counts = {
  ceiling: (n: number) => Math.max(1, Math.ceil(n)),
  floor: (n: number) => Math.max(1, Math.floor(n)),
  'one-more': (n: number) => Math.floor(n) + 1,
}

export const ties = merge(card, {
  by: 'slice',
  of: 'all',
  async prepare(sources, { density, scope, keep, rescale, sign, normalize, largest: isLargest, output }) {
    const facts = scoped(sources, { scope }, async (region, first) => {
      const { weights } = first
      const countOf = (own: number): number => (own === 0 ? 0 : counts[keep](own * region.size))
      const cuts = await largest(
        region,
        magnitudes,
        weights.map((_, t) => [countOf(ownOf(first, t, 'density', density))]),
        keep === 'floor' ? 'exact' : 'all',
      )
      const trimmed = trimmedBy(cuts.map(([cut]) => cut as Cut))
      const factors = await shares(region, rescale === 'l1', trimmed)
      const whole = (part: Part): Float64Array[] => {
        const taus = rescaled(trimmed(part), factors)
        weighted(taus, weights)
        return taus
      }
      return { whole, byZero: electedByZero(sign, sign === 'majority' ? await majorityOf(region, whole) : 0) }
    })
    return async (part) => {
      const { whole, byZero } = await facts(part)
      const taus = whole(part)
      elect(taus, byZero)
      return output === 'merged' ? [agreed(taus, part.weights, { normalize, largest: isLargest })] : taus
    }
  },
})

const magnitudes = ({ vectors }: Part): Float64Array[] => vectors.map((tau) => tau.map(Math.abs))

/** In place, what does not stay becomes 0. */
const trimmedBy =
  (cuts: readonly Cut[]) =>
  (part: Part): Float64Array[] => {
    for (const [t, tau] of part.vectors.entries()) {
      const cut = cuts[t] as Cut
      for (let i = 0; i < tau.length; i++) if (!isAmong(cut, part, i, Math.abs(tau[i] ?? 0))) tau[i] = 0
    }
    return part.vectors
  }

/** The sum of the signs that the elements of a region elect. */
async function majorityOf(region: Region, whole: (part: Part) => Float64Array[]): Promise<number> {
  let sum = 0
  for await (const part of region.pass()) for (const mass of massesOf(whole(part))) sum += Math.sign(mass)
  return sum
}
