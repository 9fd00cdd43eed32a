// NuSLERP: SLERP of two models or task vectors by their weights; of tensors, rows or columns.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { mergekit, ofField } from '../fields.ts'

const parameters = z.strictObject({
  of: ofField,
  along: z.enum(['tensor', 'rows', 'columns']).default('tensor').meta({
    title: 'Along',
    description: 'what is one vector on the sphere: a whole tensor, each row, or each column',
  }),
})

export const nuslerp = {
  name: 'nuslerp',
  kind: 'spheres',
  title: 'NuSLERP',
  paper: mergekit,
  normalizes: () => true,
  sentence: 'Goes from one model to another along the sphere, as far as their weights say',
  when: 'For two models with weights of their own, or their differences from a third',
  costs: 'One pass over two files, a tensor at a time',
  equation: 'x = sin((1 − t) ω) / sin ω x_1 + sin(t ω) / sin ω x_2,   t = w_2 / (w_1 + w_2)',
  parameters,
  presets: {
    'as mergekit': { parameters: {} },
    'as mergekit, with a base': { parameters: { of: 'differences' }, coefficient: 1 },
  },
  needs: { base: ({ of }) => of === 'differences', least: 2, most: 2 },
  coefficient: 1,
  weights: 'own',
  gives: ({ of }) => (of === 'models' ? 'model' : 'one'),
} as const satisfies MergeCard<typeof parameters>
