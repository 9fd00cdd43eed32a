// TALL masks (Wang et al., ICML 2024): the elements of the sum of task vectors that one task needs, as a model for it:
//   tau = m_t . tau_mt,   m_t = [ |tau_t| > lambda_t |tau_mt - tau_t| ],   tau_mt = sum_t tau_t
import { tallMasks as card } from '../../../contract/merges/masks/tall-masks.ts'
import { element } from '../../../numbers/vectors.ts'
import { massesOf } from '../consensus/agree.ts'
import { merge } from '../merge.ts'
import { isNeeded, ofTask } from './of-task.ts'

export const tallMasks = merge(card, {
  by: 'slice',
  of: 'all',
  prepare:
    (_, { threshold, task }) =>
    ({ vectors }) => {
      const sum = massesOf(vectors)
      return ofTask(vectors, task).map(
        (tau) => () => sum.map((v, i) => (isNeeded(element(tau, i), v, threshold) ? v : 0)),
      )
    },
})
