// DC-Merge, of full fine-tunes: the tasks' leading singular parts in one orthogonal frame, of each the largest entries
// there, averaged where their signs agree.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { rest } from './rest.ts'

const parameters = z.strictObject({
  density: z.number().gt(0).max(1).default(0.001).meta({
    title: 'Density',
    description: 'share of largest entries of each task that stays in the common frame; at least one',
  }),
  rest,
})

export const dcMerge = {
  name: 'dc-merge',
  kind: 'spectral',
  title: 'DC-Merge',
  paper: {
    authors: 'Zhang et al.',
    title: 'DC-Merge: Improving Model Merging with Directional Consistency',
    where: 'CVPR',
    year: 2026,
  },
  sentence: 'Averages the largest entries of the tasks in one orthogonal frame of their singular vectors',
  when: 'When singular vectors of the tasks point apart, and their averages cancel',
  costs: 'A singular value decomposition of every matrix of every model: minutes for a large tower',
  equation: 'θ = θ_pre + λ U⊥ M V⊥ᵀ,   M = agreeing mean of top(U⊥ᵀ U_t S_t V_tᵀ V⊥), block diagonal',
  parameters,
  presets: { 'as the paper': { parameters: { density: 0.001, rest: 'mean' } } },
  needs: { base: true, least: 1 },
  coefficient: 1,
  gives: () => 'one',
} as const satisfies MergeCard<typeof parameters>
