// Coordinate-wise median (Yin et al., ICML 2018) of task vectors: of each element the middle one, which no minority of
// models can move far; of an even number the mean of the two in the middle.
//   tau_i = median_t tau_t,i

import { coordinateMedian as card } from '../../../contract/merges/federated/coordinate-median.ts'
import { element } from '../../../numbers/vectors.ts'
import { byElement } from '../facts/elements.ts'
import { merge } from '../merge.ts'

export const coordinateMedian = merge(card, {
  by: 'slice',
  of: 'all',
  prepare:
    () =>
    ({ vectors }) => {
      const [low, high] = [Math.floor((vectors.length - 1) / 2), Math.ceil((vectors.length - 1) / 2)]
      return [
        byElement(vectors, (values) => {
          values.sort()
          return (element(values, low) + element(values, high)) / 2
        }),
      ]
    },
})
