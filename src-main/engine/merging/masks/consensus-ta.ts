// Consensus task arithmetic (Wang et al., ICML 2024): of the sum of task vectors what k tasks or more need:
//   tau = [ sum_t m_t >= k ] . tau_mt,   m_t as of TALL masks
import { consensusTa as card } from '../../../contract/merges/masks/consensus-ta.ts'
import { element } from '../../../numbers/vectors.ts'
import { massesOf } from '../consensus/agree.ts'
import { merge } from '../merge.ts'
import { isNeeded } from './of-task.ts'

export const consensusTa = merge(card, {
  by: 'slice',
  of: 'all',
  prepare:
    (_, { threshold, tasks }) =>
    ({ vectors }) => [
      massesOf(vectors).map((v, i) => {
        const needing = vectors.filter((tau) => isNeeded(element(tau, i), v, threshold)).length
        return needing >= tasks ? v : 0
      }),
    ],
})
