// PAVE: of each fine-tuned matrix what its task's inputs bring out, the rest taken away, before vectors are combined.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { drawField, imagesField, ofInputs, ridgeField } from './fields.ts'

const parameters = z.strictObject({
  images: imagesField(256),
  seed: drawField,
  share: z.number().gt(0).max(1).default(0.5).meta({
    title: 'Share',
    symbol: 'ρ',
    description: "of a model's directions that stay, the largest of all layers, each in parts of its layer's largest",
  }),
  ridge: ridgeField(1e-3),
})

export const pave = {
  name: 'pave',
  title: 'PAVE',
  kind: 'statistics',
  paper: {
    authors: 'An et al.',
    title: 'Purifying Task Vectors in Knowledge-Aware Subspace for Model Merging',
    where: 'arXiv:2510.14697',
    year: 2025,
  },
  sentence: "Keeps of each fine-tuned matrix the directions that its own task's inputs bring out",
  when: 'With some images of each task, to clean each vector before any other merge',
  costs: 'A forward pass for each image, and an SVD of every matrix',
  equation: 'τ_t = U_r U_rᵀ W_t − W_pre,   W_t (C_t + ε I) = U S Vᵀ,   C_t = X_tᵀX_t / rows',
  parameters,
  presets: { 'as the paper': { parameters: { share: 0.5 }, coefficient: 0.3 } },
  needs: { base: true, least: 1, statistics: ofInputs },
  coefficient: 0.3,
  weights: 'coefficients',
  gives: () => 'each',
} as const satisfies MergeCard<typeof parameters>
