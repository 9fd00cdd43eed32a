// NearSwap: elements that are near to the other model's are swapped for them, others move a little.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { mergekit } from '../fields.ts'

const parameters = z.strictObject({
  t: z
    .number()
    .gt(0)
    .default(0.001)
    .meta({ title: 'T', symbol: 't', description: 'how far any element moves at most' }),
})

export const nearswap = {
  name: 'nearswap',
  kind: 'pairs',
  title: 'NearSwap',
  paper: mergekit,
  sentence: 'Moves each element of the first model towards the second, by no more than t',
  when: 'To take a little of a second model without moving the first one far',
  costs: 'One pass over two files, a tensor at a time',
  equation: 'θ = w θ_2 + (1 − w) θ_1,   w = min(1, t / |θ_1 − θ_2|)',
  parameters,
  needs: { base: false, least: 2, most: 2 },
  presets: { 'as mergekit': { parameters: {} } },
  coefficient: 1,
  gives: () => 'model',
} as const satisfies MergeCard<typeof parameters>
