// Arcee Fusion: of the second model's differences from the first those that matter.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { mergekit } from '../fields.ts'

const parameters = z.strictObject({
  spread: z.number().min(0).default(1.5).meta({
    title: 'Spread',
    description: 'how many distances between the quartiles above the median an element must lie',
  }),
})

export const arceeFusion = {
  name: 'arcee-fusion',
  kind: 'pairs',
  title: 'Arcee Fusion',
  paper: mergekit,
  sentence: 'Takes of the second model the elements that differ most in rows that changed most',
  when: 'To take over only what a second model changed most',
  costs: 'One pass over two files, a tensor at a time',
  equation: 'θ = θ_2 where |θ_2 − θ_1| KL(row) ≥ median + 1.5 (Q3 − Q1), else θ_1',
  parameters,
  presets: { 'as mergekit': { parameters: {} } },
  needs: { base: false, least: 2, most: 2 },
  coefficient: 1,
  gives: () => 'model',
} as const satisfies MergeCard<typeof parameters>
