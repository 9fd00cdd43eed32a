// Weighted average: a uniform soup where no weights are given, a greedy one where they are 0 and 1, FedAvg where they
// are the sizes of the data.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { normalizeField, ofField } from '../fields.ts'
import { parts } from './parts.ts'

const parameters = z.strictObject({ of: ofField, normalize: normalizeField(true) })

export const weightedAverage = {
  name: 'weighted-average',
  kind: 'averages',
  title: 'Weighted average',
  paper: {
    authors: 'Wortsman et al.',
    title:
      'Model Soups: Averaging Weights of Multiple Fine-Tuned Models Improves Accuracy without Increasing Inference Time',
    where: 'ICML',
    year: 2022,
  },
  normalizes: ({ normalize }) => normalize,
  sentence: 'Takes the mean of the models, or of their task vectors, each by its weight (a uniform soup)',
  when: 'For models trained on one task, or as the plainest thing to compare with',
  costs: 'One pass over the files, a tensor at a time',
  equation: 'θ = Σ_t w_t θ_t / Σ_t w_t',
  parameters,
  presets: {
    'as mergekit': { parameters: {} },
    'as fusion_bench': { parameters: {} },
    FedAvg: { parameters: { of: 'differences' }, coefficient: 1 },
  },
  needs: { base: ({ of }) => of === 'differences', least: 1 },
  coefficient: 1,
  weights: 'own',
  shares: ({ of, normalize }, weights) => (of === 'models' ? null : normalize ? parts(weights) : [...weights]),
  soup: true,
  gives: ({ of }) => (of === 'models' ? 'model' : 'one'),
} as const satisfies MergeCard<typeof parameters>
