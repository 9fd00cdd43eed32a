// LiNeS (Wang et al., ICLR 2025): task vectors grow with depth, so that shallow layers stay near the pre-trained model:
//   tau_l <- (alpha / T + beta l / (L - 1)) tau_l
// with l the layer that a tensor is of; what stands before or behind the layers has the factor of the first.

import { placesOf } from '../../../contract/merges/valued.ts'
import { lines as card } from '../../../contract/merges/vectors/lines.ts'
import { merge } from '../merge.ts'

export const lines = merge(card, {
  by: 'slice',
  of: 'all',
  prepare({ parameters }, { alpha, beta }) {
    const placeOf = placesOf(parameters.keys())
    return ({ name, vectors }) => {
      const by = alpha / vectors.length + beta * placeOf(name).depth
      return vectors.map((tau) => () => tau.map((v) => by * v))
    }
  },
})
