// Iso-CTS: a flat spectrum of directions that the tasks have in common and of some that are each task's own.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { isotropic } from './papers.ts'
import { rest } from './rest.ts'

const parameters = z.strictObject({
  common: z.number().min(0).max(1).default(0.8).meta({
    title: 'Common',
    symbol: 'f',
    description: 'share of the directions that is of the sum; the rest is dealt out to the tasks',
  }),
  rest,
})

export const isoCts = {
  name: 'iso-cts',
  kind: 'spectral',
  title: 'Iso-CTS',
  paper: isotropic,
  sentence: 'Joins directions common to the tasks with some of each task alone, all with one singular value',
  when: 'As Iso-C with many tasks, of which some have little in common with the rest',
  costs: 'A singular value decomposition of every matrix of every model: minutes for a large tower',
  equation: 'θ = θ_pre + λ mean(S) U⊥ V⊥ᵀ,   U, V of Σ_t τ_t and of each τ_t - U Uᵀ τ_t, side by side',
  parameters,
  presets: {
    'as fusion_bench': { parameters: { common: 0.8, rest: 'mean' }, coefficient: 1 },
    'as the paper': { parameters: { common: 0.8, rest: 'mean' }, coefficient: 1.5 }, // of 8 tasks, ViT-B/32
  },
  needs: { base: true, least: 1 },
  coefficient: 1,
  gives: () => 'one',
} as const satisfies MergeCard<typeof parameters>
