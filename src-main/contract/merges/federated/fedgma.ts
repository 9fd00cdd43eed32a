// FedGMA: the mean of the task vectors, with elements on whose sign they do not agree made smaller.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'

const parameters = z.strictObject({
  agreement: z.number().min(0).max(1).default(0.4).meta({
    title: 'Agreement',
    symbol: 'τ',
    description: 'of signs, from 0 to 1, from which on an element counts in full',
  }),
})

export const fedgma = {
  name: 'fedgma',
  kind: 'federated',
  title: 'FedGMA',
  paper: {
    authors: 'Tenison et al.',
    title: 'Gradient Masked Averaging for Federated Learning',
    where: 'TMLR',
    year: 2023,
  },
  normalizes: () => true,
  sentence: 'Averages task vectors, less where they do not agree on the sign',
  when: 'For models of many places, some of which disagree on where to go',
  costs: 'One pass over the files, a tensor at a time',
  equation: 'τ = m ⊙ Σ_t p_t τ_t,   m = 1 where |Σ_t p_t sign τ_t| ≥ a, else |Σ_t p_t sign τ_t|',
  parameters,
  presets: { 'as the paper': { parameters: { agreement: 0.4 } } },
  needs: { base: true, least: 1 },
  coefficient: 1,
  weights: 'own',
  gives: () => 'one',
} as const satisfies MergeCard<typeof parameters>
