// Coordinate-wise median (Yin et al., ICML 2018) of task vectors: of each element the middle one, which no minority of
// models can move far; of an even number the mean of the two in the middle.
//   tau_i = median_t tau_t,i
import { coordinateMedian as card } from '../../../contract/merges/federated/coordinate-median.ts'
import { merge } from '../merge.ts'

export const coordinateMedian = merge(card, {
  by: 'slice',
  of: 'all',
  prepare:
    () =>
    ({ vectors }) => {
      const row = new Float64Array(vectors.length)
      const [low, high] = [Math.floor((row.length - 1) / 2), Math.ceil((row.length - 1) / 2)]
      return [
        (vectors[0] as Float64Array).map((_, i) => {
          for (const [t, tau] of vectors.entries()) row[t] = tau[i] as number
          row.sort()
          return ((row[low] as number) + (row[high] as number)) / 2
        }),
      ]
    },
})
