// NearSwap (mergekit): elements that are near to each other are swapped for the second model's, and those that are far
// move a little:
//   theta = w theta_2 + (1 - w) theta_1,   w = min(1, t / |theta_1 - theta_2|)
import { nearswap as card } from '../../../contract/merges/pairs/nearswap.ts'
import { element } from '../../../numbers/vectors.ts'
import { merge } from '../merge.ts'

export const nearswap = merge(card, {
  by: 'slice',
  of: 'all',
  prepare:
    (_, { t }) =>
    ({ vectors }) => {
      const [a, b] = vectors as [Float64Array, Float64Array]
      return [a.map((v, i) => between(v, element(b, i), t))]
    },
})

const least = 1e-6

function between(a: number, b: number, t: number): number {
  if (Object.is(a, b)) return a
  const w = Math.min(1, t / Math.max(Math.abs(a - b), least))
  return w * b + (1 - w) * a
}
