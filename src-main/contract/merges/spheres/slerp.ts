// SLERP: from one model to another along the sphere, tensor by tensor.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { scopeField } from '../fields.ts'

const parameters = z.strictObject({
  t: z.number().min(0).max(1).default(0.5).meta({
    title: 'T',
    symbol: 't',
    description: 'how far: 0 is the first model, 1 the second',
  }),
  scope: scopeField('tensor'),
})

export const slerp = {
  name: 'slerp',
  kind: 'spheres',
  title: 'SLERP',
  paper: { authors: 'Shoemake', title: 'Animating Rotation with Quaternion Curves', where: 'SIGGRAPH', year: 1985 },
  sentence: 'Goes from one model to another along the arc between them, tensor by tensor',
  when: 'For two models whose mean comes out smaller than either',
  costs: 'One pass over two files, a tensor at a time',
  equation: 'θ = sin((1 − t) ω) / sin ω θ_1 + sin(t ω) / sin ω θ_2,   cos ω = ⟨θ_1, θ_2⟩ / |θ_1| |θ_2|',
  parameters,
  presets: { 'as mergekit': { parameters: {} }, 'as fusion_bench': { parameters: { t: 0.5 } } },
  needs: { base: false, least: 2, most: 2 },
  coefficient: 1,
  gives: () => 'model',
} as const satisfies MergeCard<typeof parameters>
