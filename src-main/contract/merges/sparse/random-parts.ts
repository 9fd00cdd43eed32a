// aTLAS x K: the elements of each matrix are dealt out at random to K parts, and every part of a vector has a
// coefficient of its own. Biases and LayerNorm stay whole, in the first part.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'

const parameters = z.strictObject({
  parts: z.number().int().min(1).max(64).default(2).meta({
    title: 'Parts',
    symbol: 'K',
    description: 'of each vector',
  }),
  seed: z.uint32().default(0).meta({ title: 'Seed', description: 'of the deal, which all vectors share' }),
})

export const randomParts = {
  name: 'random-parts',
  kind: 'sparse',
  title: 'Random parts',
  paper: {
    authors: 'Zhang et al.',
    title: 'Knowledge Composition using Task Vectors with Learned Anisotropic Scaling',
    where: 'NeurIPS',
    year: 2024,
  },
  sentence: 'Deals the elements of each task vector out to parts, each with a coefficient of its own',
  when: 'To learn several coefficients for one model, as a run does with parts',
  costs: 'One pass over the files, a tensor at a time',
  equation: 'τ_t = Σ_k m_k ⊙ τ_t,   m_k ∈ {0, 1},   Σ_k m_k = 1',
  parameters,
  needs: { base: true, least: 1 },
  coefficient: 0.3,
  gives: () => 'each',
  names: (vectors, { parts }) =>
    vectors.flatMap((name) =>
      parts === 1 ? [name] : Array.from({ length: parts }, (_, part) => `${name}, part ${part + 1} of ${parts}`),
    ),
  ofRun: ({ parts = 1, seed }) => (parts === 1 ? null : { parts, seed }),
} as const satisfies MergeCard<typeof parameters>
