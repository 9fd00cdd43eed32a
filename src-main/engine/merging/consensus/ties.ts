// TIES (Yadav et al., NeurIPS 2023) on whole models or tensors, a slice at a time:
//   trim:  of each vector the `density` n elements of largest |tau| stay, over all its parameters together or of each;
//   elect: gamma_i = sign(sum_t w_t tau_t,i), the sign with the greater mass;
//   merge: tau_i = mean over the vectors with tau_t,i != 0 and sign gamma_i.
// Trimmed vectors by themselves, with the elements of the other sign gone too, are what AdaMerging++ learns
// coefficients of. Memory holds a slice of every model, no model.
import { ties as card } from '../../../contract/merges/consensus/ties.ts'
import { agreed, elect, rowAt, scaleRows } from '../../devices/double/rows.ts'
import { type Cut, keepLargest, largestTaus } from '../facts/largest.ts'
import { type Region, scoped } from '../facts/region.ts'
import { shares } from '../facts/rescale.ts'
import { type OnTaus, onTaus, thetas } from '../facts/taus.ts'
import { merge, ownOf, type Part } from '../merge.ts'
import { electedByZero, massesOf } from './agree.ts'

const counts = {
  ceiling: (n: number) => Math.max(1, Math.ceil(n)),
  floor: (n: number) => Math.max(1, Math.floor(n)),
  'one-more': (n: number) => Math.floor(n) + 1,
}

export const ties = merge(card, {
  by: 'slice',
  of: 'all',
  onDevice: true,
  async prepare(sources, { density, scope, keep, rescale, sign, normalize, largest, output }) {
    const facts = scoped(sources, { scope, onDevice: true }, async (region, first) => {
      const { weights } = first
      const countOf = (own: number): number => (own === 0 ? 0 : counts[keep](own * region.size))
      const cuts = await largestTaus(
        region,
        weights.map((_, t) => [countOf(ownOf(first, t, 'density', density))]),
        keep === 'floor' ? 'exact' : 'all',
      )
      const trimmed = (part: Part): OnTaus =>
        keepLargest(
          cuts.map(([cut]) => cut as Cut),
          part,
        )
      const factors = await shares(region, rescale === 'l1', trimmed)
      const whole =
        (part: Part, by: readonly number[]): OnTaus =>
        (device, taus) => {
          trimmed(part)(device, taus)
          scaleRows(device, taus, factors)
          scaleRows(device, taus, by)
        }
      const majority = sign === 'majority' ? await majorityOf(region, (part) => whole(part, weights)) : 0
      return { whole, byZero: electedByZero(sign, majority) }
    })
    const how = largest ? 'largest' : normalize ? 'mean' : 'sum'
    return async (part) => {
      const { whole, byZero } = await facts(part)
      return onTaus(part, (device, taus, base) => {
        whole(part, part.weights)(device, taus) // weights may differ from tensor to tensor
        elect(device, taus, byZero)
        return thetas(device, output === 'merged' ? agreed(device, taus, part.weights, how) : taus, base)
      })
    }
  },
})

/** The sum of the signs that the elements of a region elect. */
async function majorityOf(region: Region, whole: (part: Part) => OnTaus): Promise<number> {
  let sum = 0
  for await (const part of region.pass())
    sum += await onTaus(part, (device, taus) => {
      whole(part)(device, taus)
      const rows = Array.from({ length: taus.rows }, (_, t) => rowAt(device, taus, t))
      return massesOf(rows).reduce((signs, mass) => signs + Math.sign(mass), 0)
    })
  return sum
}
