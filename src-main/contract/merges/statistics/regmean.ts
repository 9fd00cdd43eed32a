// RegMean: the linear layer that answers every task's inputs as that task's own model does, in least squares.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { drawField, imagesField, ofInputs, ridgeField } from './fields.ts'

export const parameters = z.strictObject({
  images: imagesField(256),
  seed: drawField,
  alpha: z.number().min(0).max(1).default(0.95).meta({
    title: 'Alpha',
    symbol: 'α',
    description: 'what second moments of two different inputs are multiplied by',
  }),
  ridge: ridgeField(1e-6),
})

/** In RegMean++ too. */
export const presets = {
  'as fusion_bench': { parameters: { images: 256, alpha: 0.95, ridge: 0 }, coefficient: 1 },
  'as the paper': { parameters: { alpha: 0.9, ridge: 0 }, coefficient: 1 },
}

export const regmean = {
  name: 'regmean',
  title: 'RegMean',
  paper: {
    authors: 'Jin et al.',
    title: 'Dataless Knowledge Fusion by Merging Weights of Language Models',
    where: 'ICLR',
    year: 2023,
  },
  sentence: "Solves each linear layer so that it answers every task's inputs as that task's own model does",
  equation: "W = (Σ_t W_t G_t)(Σ_t G_t)⁻¹,   G_t = X_t'X_t / rows, off its diagonal times α",
  parameters,
  presets,
  needs: { base: true, least: 1, statistics: ofInputs },
  coefficient: 1,
  weights: 'own',
  gives: () => 'one',
} as const satisfies MergeCard<typeof parameters>
