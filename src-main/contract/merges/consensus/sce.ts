// SCE: select what varies most among the models, weigh each by its energy there, erase the minority's signs.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { scopeField } from '../fields.ts'

const parameters = z.strictObject({
  density: z.number().min(0).max(1).default(1).meta({
    title: 'Density',
    description: 'share of the elements that vary among the models that is selected: those that vary most',
  }),
  scope: scopeField('tensor'),
  sign: z.enum(['none', 'plus']).default('plus').meta({ title: 'Sign of zero', description: 'what a sum of 0 elects' }),
  floor: z.number().min(0).max(1).default(0).meta({
    title: 'Floor',
    description: 'least energy of all models together by which they are weighed; below it they weigh the same',
  }),
})

export const sce = {
  name: 'sce',
  kind: 'consensus',
  title: 'SCE',
  paper: { authors: 'Wan et al.', title: 'FuseChat: Knowledge Fusion of Chat Models', where: 'EMNLP', year: 2025 },
  sentence:
    'Selects elements that vary among the models, weighs the models by their energy there, and erases minority signs',
  when: 'When the models differ in a few places and agree in the rest',
  costs: 'Two passes over the files',
  equation: 'τ = Σ_t ω_t m_t ⊙ τ_t / Σ_t ω_t m_t,   ω_t = |τ_t|² / Σ_s |τ_s|²',
  parameters,
  presets: {
    'as the paper': { parameters: { density: 0.1 } },
    'as mergekit': { parameters: { density: 1, floor: 1e-6 } },
  },
  needs: { base: true, least: 1 },
  coefficient: 1,
  weights: 'own',
  gives: () => 'one',
} as const satisfies MergeCard<typeof parameters>
