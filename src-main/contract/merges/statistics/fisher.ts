// Fisher merging: of each weight the models' mean, each model weighed by how much its own task's likelihood bends there.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { drawField, imagesField } from './fields.ts'

const parameters = z.strictObject({
  images: imagesField(256),
  seed: drawField,
  labels: z.enum(['rooted', 'sampled', 'observed']).default('rooted').meta({
    title: 'Labels',
    description:
      'whose likelihood it is: rooted, all classes at once, each by the root of its probability; sampled, one drawn from the prediction; observed, that of the data',
  }),
  batch: z.number().int().min(1).max(4096).default(32).meta({
    title: 'Batch',
    symbol: 'B',
    description: 'images whose gradients are added up before they are squared; 1: each by itself',
  }),
  normalize: z.boolean().default(true).meta({
    title: 'Normalize',
    description: "divide each model's by its norm over all weights, so that no task counts for more",
  }),
  least: z.number().min(0).max(1).default(1e-6).meta({
    title: 'Least',
    symbol: 'ε',
    description: 'added to each, so that what no task bends is the mean',
  }),
})

export const fisher = {
  name: 'fisher',
  title: 'Fisher merging',
  kind: 'statistics',
  paper: {
    authors: 'Matena and Raffel',
    title: 'Merging Models with Fisher-Weighted Averaging',
    where: 'NeurIPS',
    year: 2022,
  },
  sentence: 'Averages each weight over the models, by the squared gradients of their own likelihoods on a few images',
  when: 'With some images of each task at hand: it costs least of those that look at images',
  costs: 'A backward pass for each image that is looked at, then one pass over the files',
  equation: 'θ = Σ_t c_t (F_t + ε) θ_t / Σ_t c_t (F_t + ε),   F_t = Σ_batches (∇ Σ_n log p_n)² / N',
  parameters,
  presets: {
    'as fusion_bench': {
      parameters: { images: 256, labels: 'rooted', batch: 32, normalize: true, least: 1e-6 },
      coefficient: 1,
    },
    'as the paper': { parameters: { labels: 'sampled', batch: 1, normalize: false, least: 1e-6 }, coefficient: 1 },
  },
  needs: { base: true, least: 1, statistics: 'squared gradients of each weight', heads: true },
  coefficient: 1,
  weights: 'own',
  gives: () => 'one',
} as const satisfies MergeCard<typeof parameters>
