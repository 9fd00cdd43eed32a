// Model Stock: from the pre-trained model towards the mean of the fine-tuned ones, as far as their angles say.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'

const parameters = z.strictObject({
  scope: z.enum(['row', 'tensor', 'model']).default('tensor').meta({
    title: 'Scope',
    description: 'whose angle it is: of each row, each tensor, or the whole model',
  }),
  angle: z.enum(['cosines', 'angles']).default('cosines').meta({
    title: 'Angle',
    description: 'of several pairs the mean of their cosines, or the cosine of their mean angle',
  }),
  floor: z.number().min(0).max(1).default(0).meta({
    title: 'Floor',
    description: 'least product of two norms that their dot product is divided by: keeps tiny tensors as they were',
  }),
})

export const modelStock = {
  name: 'model-stock',
  kind: 'averages',
  title: 'Model Stock',
  paper: {
    authors: 'Jang et al.',
    title: 'Model Stock: All We Need Is Just a Few Fine-Tuned Models',
    where: 'ECCV',
    year: 2024,
  },
  normalizes: () => true,
  sentence: 'Goes from the pre-trained model towards the mean of the others, as far as the angles between them say',
  when: 'For two or more models of one task, trained with different seeds or settings',
  costs: 'One pass over the files, a tensor at a time',
  equation: 'θ = t mean_i θ_i + (1 − t) θ_pre,   t = N c / (1 + (N − 1) c),   c = mean cos(τ_i, τ_j)',
  parameters,
  presets: {
    'as the paper': { parameters: { scope: 'tensor', angle: 'angles' } },
    'as mergekit': { parameters: { scope: 'tensor', angle: 'cosines', floor: 1e-6 } },
    'as mergekit, filter_wise': { parameters: { scope: 'row', angle: 'cosines', floor: 1e-6 } },
    'as fusion_bench': { parameters: { scope: 'tensor', angle: 'angles' } },
  },
  needs: { base: true, least: 2 },
  coefficient: 1,
  weights: 'own',
  gives: () => 'one',
} as const satisfies MergeCard<typeof parameters>
