// TIES: of each task vector the largest elements stay, over the whole model; each element's sign is elected by mass;
// what has another sign is left out. Merged: the mean of what is left, in place of all vectors. Trimmed: each vector's
// own rest, which AdaMerging++ learns coefficients of.
import { z } from 'zod'

import { tiesMerging } from '../paper.ts'
import type { MergeCard } from './card.ts'

const parameters = z.strictObject({
  density: z.number().gt(0).max(1).default(0.2).meta({
    title: 'Density',
    symbol: 'k',
    description: 'share of largest elements of each vector that stays, over the whole model',
  }),
  output: z.enum(['merged', 'trimmed']).default('merged').meta({
    title: 'Output',
    description: 'merged: the mean of what agrees; trimmed: what is left of each vector, with a coefficient of its own',
  }),
})

export const ties = {
  name: 'ties',
  title: 'TIES',
  paper: tiesMerging,
  sentence: 'Trims the task vectors, elects a sign for each element, and takes the mean of those that agree',
  equation: 'θ = θ_pre + λ τ,   τ = mean of the trimmed τ_t that have the sign of Σ_t τ_t',
  parameters,
  needs: { base: true, least: 1 },
  coefficient: 1,
  gives: ({ output }) => (output === 'merged' ? 'one' : 'each'),
  names: (vectors, { output }) =>
    output === 'merged' ? [`TIES of ${vectors.length}`] : vectors.map((name) => `${name}, trimmed`),
  ofRun: ({ trim = null, start }) =>
    trim === null ? null : { density: trim, output: start.method === 'ties' ? 'merged' : 'trimmed' },
} as const satisfies MergeCard<typeof parameters>
