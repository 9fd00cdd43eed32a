// Task Vector Bases: fewer vectors than tasks, that the tasks' can be put together of again. What is given are vectors
// like any other, which may be added, taken away, and merged by any step that follows.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'

const parameters = z.strictObject({
  bases: z.number().int().min(1).max(1000).default(2).meta({
    title: 'Bases',
    symbol: 'M',
    description: 'how many; no more than there are vectors',
  }),
  by: z.enum(['autoencoder', 'pca', 'subset', 'orthogonal']).default('autoencoder').meta({
    title: 'By',
    description:
      'autoencoder: mixtures of vectors that are learned; pca: the leading directions; subset: some of the vectors; orthogonal: random directions',
  }),
  output: z.enum(['bases', 'tasks']).default('bases').meta({
    title: 'Output',
    description: 'bases: the bases; tasks: what each task vector is when it is put together of them',
  }),
  steps: z.number().int().min(1).max(100_000).default(500).meta({
    title: 'Steps',
    description: 'of Adam, of the autoencoder',
  }),
  seed: z.uint32().default(0).meta({ title: 'Seed', description: 'of what is random' }),
})

export const bases = {
  name: 'bases',
  kind: 'spectral',
  title: 'Task vector bases',
  paper: {
    authors: 'Zeng et al.',
    title: 'Efficient Model Editing with Task Vector Bases: A Theoretical Framework and Scalable Approach',
    where: 'arXiv',
    year: 2025,
  },
  sentence: 'Replaces the task vectors by fewer, of which each can be put together again',
  when: 'When there are many task vectors and only some can be kept or learned over',
  costs: 'A Gram matrix of all vectors, then one pass for each that is kept',
  equation: 'b_k = Σ_t C_kt τ_t,   τ_t ≈ Σ_k D_tk b_k,   k = 1 … M < T',
  parameters,
  needs: { base: true, least: 1 },
  coefficient: 0.3,
  gives: () => 'each',
  names: (vectors, { bases: wanted, output }) => {
    if (output === 'tasks') return vectors.map((name) => `${name}, of bases`)
    const count = Math.min(wanted, vectors.length)
    return Array.from({ length: count }, (_, k) => `basis ${k + 1} of ${count}`)
  },
} as const satisfies MergeCard<typeof parameters>
