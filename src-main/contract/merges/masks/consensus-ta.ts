// Consensus task arithmetic: of the sum of all task vectors the elements that several tasks need.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'

const parameters = z.strictObject({
  threshold: z.number().gt(0).default(0.4).meta({
    title: 'Threshold',
    symbol: 'λ_t',
    description: "how many times as large as the others together a task's element must be to count as needed",
  }),
  tasks: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(2)
    .meta({ title: 'Tasks', symbol: 'k', description: 'how many at least must need an element' }),
})

export const consensusTa = {
  name: 'consensus-ta',
  kind: 'masks',
  title: 'Consensus TA',
  paper: {
    authors: 'Wang et al.',
    title: 'Localizing Task Information for Improved Model Merging and Compression',
    where: 'ICML',
    year: 2024,
  },
  sentence: 'Takes of the sum of the task vectors the elements that several tasks need',
  when: 'When parts that a single task needs disturb all others',
  costs: 'Two passes over the files',
  equation: 'τ = [ Σ_t m_t ≥ k ] ⊙ Σ_s τ_s,   m_t = [ |τ_t| > λ_t |Σ_s τ_s − τ_t| ]',
  parameters,
  presets: { 'as the paper': { parameters: { threshold: 0.4, tasks: 2 } } },
  needs: { base: true, least: 1 },
  coefficient: 0.3,
  gives: () => 'one',
} as const satisfies MergeCard<typeof parameters>
