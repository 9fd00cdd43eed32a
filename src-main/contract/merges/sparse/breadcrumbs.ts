// Model Breadcrumbs: both tails of each task vector are left out, the very large elements and the small ones.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { scopeField, sparseFields, sparseGives } from '../fields.ts'

const parameters = z.strictObject({
  density: z.number().min(0).max(1).default(0.85).meta({
    title: 'Density',
    symbol: 'β',
    description: 'share of the elements of each vector that stays',
  }),
  gamma: z.number().min(0).max(1).default(0.01).meta({
    title: 'Gamma',
    symbol: 'γ',
    description: 'share of the largest elements that is left out',
  }),
  scope: scopeField('tensor'),
  rescale: z.enum(['none', 'l1']).default('none').meta({
    title: 'Rescale',
    description: 'what stays to the L1 norm that it had',
  }),
  ...sparseFields,
})

export const breadcrumbs = {
  name: 'breadcrumbs',
  kind: 'sparse',
  title: 'Model Breadcrumbs',
  paper: {
    authors: 'Davari and Belilovsky',
    title: 'Model Breadcrumbs: Scaling Multi-Task Model Merging with Sparse Masks',
    where: 'ECCV',
    year: 2024,
  },
  normalizes: ({ normalize, consensus }) => normalize && consensus === 'none',
  sentence: 'Leaves out the largest and the smallest elements of the task vectors',
  when: 'When a few outlying weights spoil the sum, and small ones only add noise',
  costs: 'A pass that sorts the elements of each tensor',
  equation: 'τ_t = m_t ⊙ τ_t,   m_t = 0 for the largest γ n of |τ_t| and for the smallest, so that β n stay',
  parameters,
  presets: {
    'as the paper': { parameters: { density: 0.85, gamma: 0.01 }, coefficient: 0.3 },
    'as mergekit': { parameters: { density: 1, gamma: 0.01 }, coefficient: 1 },
    'as mergekit, breadcrumbs_ties': { parameters: { density: 1, gamma: 0.01, consensus: 'elected' }, coefficient: 1 },
  },
  needs: { base: true, least: 1 },
  coefficient: 0.3,
  weights: 'own',
  each: ['density', 'gamma'],
  gives: sparseGives,
} as const satisfies MergeCard<typeof parameters>
