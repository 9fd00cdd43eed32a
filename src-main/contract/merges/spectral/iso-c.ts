// Iso-C: the task vectors' sum with a flat spectrum.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { isotropic } from './papers.ts'
import { rest } from './rest.ts'

const parameters = z.strictObject({ rest })

export const isoC = {
  name: 'iso-c',
  kind: 'spectral',
  title: 'Iso-C',
  paper: isotropic,
  sentence: 'Makes all singular values of the summed task vectors one, so that no direction outweighs another',
  when: 'When a few strong directions of some tasks outweigh all others',
  costs: 'A singular value decomposition of every matrix of every model: minutes for a large tower',
  equation: 'θ = θ_pre + λ mean(S) U Vᵀ,   Σ_t τ_t = U S Vᵀ',
  parameters,
  presets: {
    'as fusion_bench': { parameters: { rest: 'mean' }, coefficient: 1 },
    'as the paper': { parameters: { rest: 'mean' }, coefficient: 1.3 }, // of 8 tasks, ViT-B/32
  },
  needs: { base: true, least: 1 },
  coefficient: 1,
  gives: () => 'one',
} as const satisfies MergeCard<typeof parameters>
