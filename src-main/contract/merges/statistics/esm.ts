// ESM: of each task the directions in which its matrix moves its own outputs, scaled thrice and made orthogonal.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { rest } from '../spectral/rest.ts'
import { drawField, imagesField, ofInputs } from './fields.ts'

const parameters = z.strictObject({
  images: imagesField(32),
  seed: drawField,
  power: z.number().min(0).max(4).default(0.15).meta({
    title: 'Power',
    symbol: 'p',
    description: 'how much more a direction counts that moves outputs further',
  }),
  boost: z.number().gt(0).max(100).default(2).meta({
    title: 'Boost',
    symbol: 'g',
    description: 'of matrices whose inputs are known, beside the coefficient',
  }),
  rest,
})

export const esm = {
  name: 'esm',
  title: 'ESM',
  kind: 'statistics',
  paper: {
    authors: 'Li et al.',
    title: 'Model Merging in the Essential Subspace',
    where: 'CVPR',
    year: 2026,
  },
  sentence: "Keeps of each task the directions in which it moves its own inputs' outputs, scaled and made orthogonal",
  when: 'With some images of each task, when vectors disturb one another in their strong directions',
  costs: 'A forward pass for each image, and an SVD of every matrix',
  equation: 'Δ = g (|Δ| / mean |Δ|)² s_U s_V U⊥ᵀV⊥,   V_t = U_t τ_t,   τ_t C_t τ_tᵀ = U_tᵀ Λ_t U_t',
  parameters,
  presets: { 'as the paper': { parameters: { images: 32, power: 0.15, boost: 2, rest: 'mean' }, coefficient: 1 } },
  needs: { base: true, least: 1, statistics: ofInputs },
  coefficient: 1,
  weights: 'own',
  gives: () => 'one',
} as const satisfies MergeCard<typeof parameters>
