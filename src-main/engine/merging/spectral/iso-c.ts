// Iso-C (Marczak et al., ICML 2025): the sum of the task vectors with all its singular values made one, their mean,
//   sum_t tau_t = U S V',   tau = mean(S) U V'.
// U V' is the polar factor. Directions that the sum does not have stay out of it (devices/double/singular.ts), so that
// the answer is one; S's mean counts all min(m, n).
import { isoC as card } from '../../../contract/merges/spectral/iso-c.ts'
import { sum } from '../../../numbers/vectors.ts'
import { polar } from '../../devices/double/singular.ts'
import { ofMatrices, scaled, sumOf } from './matrices.ts'

export const isoC = ofMatrices(card, async (device, taus) => {
  const { factor, singular } = polar(device, await sumOf(device, taus))
  const mean = sum(singular) / singular.length
  scaled(device, factor, mean)
  return factor
})
