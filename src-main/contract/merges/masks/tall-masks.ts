// TALL masks: of the sum of all task vectors the elements that one task needs, a model for that task.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { ofTask, taskField, taskGives } from '../fields.ts'

const parameters = z.strictObject({
  threshold: z.number().gt(0).default(0.4).meta({
    title: 'Threshold',
    symbol: 'λ_t',
    description: "how many times as large as the others together a task's element must be to count as needed",
  }),
  task: taskField,
})

export const tallMasks = {
  name: 'tall-masks',
  kind: 'masks',
  title: 'TALL masks',
  paper: {
    authors: 'Wang et al.',
    title: 'Localizing Task Information for Improved Model Merging and Compression',
    where: 'ICML',
    year: 2024,
  },
  sentence: 'Takes of the sum of the task vectors the elements that one task needs',
  when: 'When one file for all tasks is not enough, and one for each task is allowed',
  costs: 'Two passes; one model for each task',
  equation: 'τ = m_t ⊙ Σ_s τ_s,   m_t = [ |τ_t| > λ_t |Σ_s τ_s − τ_t| ]',
  parameters,
  presets: {
    'as the paper': { parameters: { threshold: 0.4 } },
    'as fusion_bench': { parameters: { threshold: 0.6 } },
  },
  needs: { base: true, least: 1 },
  coefficient: 1,
  gives: taskGives,
  names: (vectors, { task }) => ofTask(vectors, task, 'TALL'),
} as const satisfies MergeCard<typeof parameters>
