// TALL masks (Wang et al., ICML 2024): the elements of the sum of task vectors that one task needs, and what becomes of
// them:
//   m_t = [ |tau_t| > lambda_t |tau_mt - tau_t| ],   tau_mt = sum_t tau_t
// TALL: of one task m_t . tau_mt, a model of its own. Consensus: the elements that k tasks or more need.
import { consensusTa as consensusCard } from '../../../contract/merges/masks/consensus-ta.ts'
import { tallMasks as tallCard } from '../../../contract/merges/masks/tall-masks.ts'
import { massesOf } from '../consensus/agree.ts'
import { merge } from '../merge.ts'
import { ofTask } from './of-task.ts'

export const tallMasks = merge(tallCard, {
  by: 'slice',
  of: 'all',
  prepare:
    (_, { threshold, task }) =>
    ({ vectors }) => {
      const sum = massesOf(vectors)
      return ofTask(vectors, task).map((tau) => () => sum.map((v, i) => (isNeeded(tau[i] as number, v, threshold) ? v : 0)))
    },
})

export const consensusTa = merge(consensusCard, {
  by: 'slice',
  of: 'all',
  prepare:
    (_, { threshold, tasks }) =>
    ({ vectors }) => [
      massesOf(vectors).map((v, i) => {
        const needing = vectors.filter((tau) => isNeeded(tau[i] as number, v, threshold)).length
        return needing >= tasks ? v : 0
      }),
    ],
})

const isNeeded = (tau: number, sum: number, threshold: number): boolean =>
  Math.abs(tau) > threshold * Math.abs(sum - tau)
