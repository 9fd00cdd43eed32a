// WUDI, as published: a few hundred steps of Adam from the task vectors' sum. Where they lead in the end is another
// page's, wudi-closed.ts.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { whoeverStartedTheFire } from './papers.ts'
import { rest } from './rest.ts'

const parameters = z.strictObject({
  steps: z.number().int().min(1).max(10_000).default(300).meta({ title: 'Steps', description: 'of Adam' }),
  learningRate: z.number().gt(0).max(1).default(1e-5).meta({
    title: 'Learning rate',
    description: 'the most that an element moves in a step',
  }),
  rest,
})

export const wudi = {
  name: 'wudi',
  kind: 'spectral',
  title: 'WUDI',
  paper: whoeverStartedTheFire,
  sentence: 'Moves the summed task vectors, by steps, to where they disturb no task in its own directions',
  when: 'When no image may be looked at, and a little time may be spent',
  costs: 'Some hundred steps of Adam for each matrix: minutes for a large tower',
  equation: 'θ = θ_pre + M,   M by Adam on Σ_t |(M - τ_t) τ_tᵀ|² / |τ_t|² from Σ_t τ_t',
  parameters,
  presets: {
    'as fusion_bench': { parameters: { steps: 400, rest: 'mean' }, coefficient: 1 },
    'as the paper': { parameters: { steps: 300, rest: 'zero' }, coefficient: 1 },
  },
  needs: { base: true, least: 1 },
  coefficient: 1,
  gives: () => 'one',
} as const satisfies MergeCard<typeof parameters>
