// EMR: one vector for all tasks, and for each a mask and a number that make it that task's own.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { ofTask, taskField, taskGives } from '../fields.ts'

const parameters = z.strictObject({
  task: taskField,
  rescale: z.enum(['none', 'means', 'sums']).default('means').meta({
    title: 'Rescale',
    description:
      "to the task vector's own size: not at all, by sums of the means of tensors, or by sums over all elements",
  }),
})

export const emr = {
  name: 'emr',
  kind: 'masks',
  title: 'EMR-Merging',
  paper: {
    authors: 'Huang et al.',
    title: 'EMR-Merging: Tuning-Free High-Performance Model Merging',
    where: 'NeurIPS',
    year: 2024,
  },
  sentence: 'Elects one vector for all tasks, and masks and rescales it for one',
  when: 'When each task may have a model of its own, made of one shared vector',
  costs: 'Two passes; one model for each task',
  equation: 'τ_t = f_t m_t ⊙ τ,   τ = γ max_t |τ_t| over those of sign γ = sign(Σ_t τ_t)',
  parameters,
  presets: {
    'as the paper': { parameters: { rescale: 'sums' } },
    'as fusion_bench': { parameters: { rescale: 'means' } },
  },
  needs: { base: true, least: 1 },
  coefficient: 1,
  weights: 'own',
  gives: taskGives,
  names: (vectors, { task }) => ofTask(vectors, task, 'EMR'),
} as const satisfies MergeCard<typeof parameters>
