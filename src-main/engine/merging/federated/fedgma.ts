// FedGMA, gradient masked averaging (Tenison et al., TMLR 2023) of task vectors: an element counts in full where the
// models agree on its sign, and as far as they agree elsewhere:
//   tau = m . sum_t p_t tau_t,   A = |sum_t p_t sign(tau_t)|,   m = 1 where A >= agreement, else A

import { fedgma as card } from '../../../contract/merges/federated/fedgma.ts'
import { element } from '../../../numbers/vectors.ts'
import { divisorOf } from '../consensus/agree.ts'
import { byElement } from '../facts/elements.ts'
import { merge } from '../merge.ts'

export const fedgma = merge(card, {
  by: 'slice',
  of: 'all',
  prepare:
    (_, { agreement }) =>
    ({ vectors, weights }) => {
      const shares = weights.map((w) => w / divisorOf(weights))
      return [
        byElement(vectors, (values) => {
          let [mean, signs] = [0, 0]
          for (const [t, share] of shares.entries()) {
            const value = element(values, t)
            mean += share * value
            signs += share * Math.sign(value)
          }
          const agreed = Math.abs(signs)
          return agreed >= agreement - rounding ? mean : agreed * mean
        }),
      ]
    },
})

const rounding = 1e-12 // of shares that sum to the agreement
