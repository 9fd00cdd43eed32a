// KnOTS: the task vectors of a matrix in a basis that they share, merged there by TIES.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { rest } from './rest.ts'

const parameters = z.strictObject({
  density: z.number().gt(0).max(1).default(0.2).meta({
    title: 'Density',
    symbol: 'k',
    description: 'share of largest elements of each task that stays in the shared basis',
  }),
  scope: z.enum(['tensor', 'model']).default('model').meta({
    title: 'Scope',
    description: 'what the share is of: each matrix, or all of them together',
  }),
  least: z.number().min(0).default(1e-5).meta({
    title: 'Least singular value',
    description: 'directions of smaller ones are left out of the basis',
  }),
  rest,
})

export const knots = {
  name: 'knots',
  kind: 'spectral',
  title: 'KnOTS',
  paper: {
    authors: 'Stoica et al.',
    title: 'Model Merging with SVD to Tie the Knots',
    where: 'ICLR',
    year: 2025,
  },
  sentence: 'Brings the task vectors into a basis they share, and trims, elects and averages there (TIES)',
  when: 'For models tuned by adapters of low rank (LoRA)',
  costs: 'A singular value decomposition of every matrix of every model: minutes for a large tower',
  equation: 'θ = θ_pre + λ U TIES(Uᵀ τ_1 … Uᵀ τ_T),   [τ_1 … τ_T] = U S Vᵀ',
  parameters,
  presets: { 'as the paper': { parameters: { density: 0.2, scope: 'model', rest: 'zero' }, coefficient: 0.6 } },
  needs: { base: true, least: 1 },
  coefficient: 0.6,
  weights: 'own',
  gives: () => 'one',
} as const satisfies MergeCard<typeof parameters>
