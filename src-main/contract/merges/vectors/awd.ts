// Adaptive weight disentanglement: what task vectors have in common is taken out of each.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { scopeField } from '../fields.ts'

const parameters = z.strictObject({
  alpha: z
    .number()
    .min(0)
    .default(0.1)
    .meta({ title: 'Alpha', symbol: 'α', description: 'how much the size of what is taken out costs' }),

  rate: z
    .number()
    .gt(0)
    .max(1)
    .default(0.01)
    .meta({ title: 'Rate', description: 'of the gradient steps, in mean norms of the vectors' }),
  steps: z.number().int().min(0).max(100_000).default(300).meta({ title: 'Steps', description: 'of gradient descent' }),
  scope: scopeField('model'),
})

export const awd = {
  name: 'awd',
  kind: 'vectors',
  title: 'AWD',
  paper: {
    authors: 'Xiong et al.',
    title: 'Multi-Task Model Merging via Adaptive Weight Disentanglement',
    where: 'arXiv',
    year: 2024,
  },
  sentence: 'Takes out of the task vectors what they have in common, so that the rests are orthogonal',
  when: 'When the models share a lot, and the shared part is added up once too often',
  costs: 'Some hundred steps for each tensor: seconds to minutes',
  equation: 'τ_t − δ,   δ = argmin mean |cos(τ_i − δ, τ_j − δ)| + α |δ|',
  parameters,
  presets: { 'as the paper': { parameters: { alpha: 0.1, rate: 0.01, steps: 300 } } },
  needs: { base: true, least: 2 },
  coefficient: 0.3,
  weights: 'own',
  gives: () => 'each',
} as const satisfies MergeCard<typeof parameters>
