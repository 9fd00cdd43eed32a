// PCB: elements compete within each task vector and between them, and the top ones are merged.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { scopeField } from '../fields.ts'

const parameters = z.strictObject({
  ratio: z
    .number()
    .gt(0)
    .max(1)
    .default(0.1)
    .meta({ title: 'Ratio', symbol: 'r', description: 'share of elements of each vector that is merged' }),
  scope: scopeField('model'),
})

export const pcb = {
  name: 'pcb',
  kind: 'consensus',
  title: 'PCB-Merging',
  paper: {
    authors: 'Du et al.',
    title: 'Parameter Competition Balancing for Model Merging',
    where: 'NeurIPS',
    year: 2024,
  },
  sentence: 'Merges the elements of each task vector that are large and agree with the others, by how much they do',
  when: 'When trimming by size alone drops what the models agree on',
  costs: 'A pass that sorts the elements of each vector, and one that merges',
  equation: 'τ = Σ_t s_t ⊙ τ_t / Σ_t s_t,   s_t = top r of exp(T |τ_t|²) ⊙ tanh(τ_t ⊙ Σ_s τ_s)',
  parameters,
  presets: { 'as the paper': { parameters: { ratio: 0.1 }, coefficient: 1.2 } },
  needs: { base: true, least: 1 },
  coefficient: 1,
  weights: 'own',
  gives: () => 'one',
} as const satisfies MergeCard<typeof parameters>
