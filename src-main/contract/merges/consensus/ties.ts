// TIES: of each task vector the largest elements stay, over the whole model; each element's sign is elected by mass;
// what has another sign is left out. Merged: the mean of what is left, in place of all vectors. Trimmed: each vector's
// own rest, which AdaMerging++ learns coefficients of.
import { z } from 'zod'

import { tiesMerging } from '../../paper.ts'
import type { MergeCard } from '../card.ts'
import { normalizeField, scopeField } from '../fields.ts'

const parameters = z.strictObject({
  density: z.number().min(0).max(1).default(0.2).meta({
    title: 'Density',
    symbol: 'k',
    description: 'share of largest elements of each vector that stays',
  }),
  scope: scopeField('model'),
  keep: z.enum(['ceiling', 'floor', 'one-more']).default('ceiling').meta({
    title: 'Keep',
    description:
      'how many that are: rounded up, with all as large as the least; exactly the number rounded down; or one more than that and all as large',
  }),
  rescale: z.enum(['none', 'l1']).default('none').meta({
    title: 'Rescale',
    description: 'what is left of a vector to the L1 norm that it had',
  }),
  sign: z.enum(['none', 'plus', 'majority']).default('none').meta({
    title: 'Sign of zero',
    description: 'what a sum of 0 elects: nothing, plus, or what most elements elect',
  }),
  normalize: normalizeField(true),
  largest: z.boolean().default(false).meta({
    title: 'Largest',
    description: 'the largest of what agrees, in place of mean or sum',
  }),
  output: z.enum(['merged', 'trimmed']).default('merged').meta({
    title: 'Output',
    description: 'merged: the mean of what agrees; trimmed: what is left of each vector, with a coefficient of its own',
  }),
})

export const ties = {
  name: 'ties',
  kind: 'consensus',
  title: 'TIES',
  paper: tiesMerging,
  sentence: 'Trims the task vectors, elects a sign for each element, and takes the mean of those that agree',
  when: 'When many models pull the same weights in different directions',
  costs: 'Two passes: one finds each threshold over the whole model, one merges',
  equation: 'θ = θ_pre + λ τ,   τ = mean of the trimmed τ_t that have the sign of Σ_t τ_t',
  parameters,
  presets: {
    'as the paper': { parameters: { density: 0.2 }, coefficient: 1 },
    'as mergekit': { parameters: { density: 1, scope: 'tensor', keep: 'floor', sign: 'plus' }, coefficient: 1 },
    'as fusion_bench': {
      parameters: { density: 0.2, scope: 'model', keep: 'one-more', sign: 'majority', normalize: false },
      coefficient: 0.3,
    },
  },
  needs: { base: true, least: 1 },
  coefficient: 1,
  weights: 'own',
  each: ['density'],
  gives: ({ output }) => (output === 'merged' ? 'one' : 'each'),
  names: (vectors, { output }) =>
    output === 'merged' ? [`TIES of ${vectors.length}`] : vectors.map((name) => `${name}, trimmed`),
  ofRun: ({ trim = null, start }) =>
    trim === null ? null : { density: trim, output: start.method === 'ties' ? 'merged' : 'trimmed' },
} as const satisfies MergeCard<typeof parameters>
