// DELLA: elements of each task vector are dropped by chance, the smaller of a row sooner than the larger.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { seedField, sparseFields, sparseGives } from '../fields.ts'

const parameters = z
  .strictObject({
    density: z.number().min(0).max(1).default(0.5).meta({
      title: 'Density',
      description: 'mean chance of an element to stay',
    }),
    epsilon: z.number().min(0).max(0.5).default(0.15).meta({
      title: 'Epsilon',
      symbol: 'ε',
      description: 'how much higher the chance of the largest of a row is, and how much lower that of the smallest',
    }),
    rescale: z.enum(['none', 'expectation', 'l1']).default('expectation').meta({
      title: 'Rescale',
      description: 'what stays: not at all, by one over its own chance, or to the L1 norm that each tensor had',
    }),
    ...sparseFields,
    seed: seedField,
  })
  .refine(({ density, epsilon }) => density <= 0 || density >= 1 || (density > epsilon && density + epsilon < 1), {
    path: ['epsilon'],
    error: 'density - epsilon must be above 0 and density + epsilon below 1, as both are chances',
  })

export const della = {
  name: 'della',
  kind: 'sparse',
  title: 'DELLA',
  paper: {
    authors: 'Deep et al.',
    title: 'DELLA-Merging: Reducing Interference in Model Merging through Magnitude-Based Sampling',
    where: 'arXiv',
    year: 2024,
  },
  normalizes: ({ normalize, consensus }) => normalize && consensus === 'none',
  sentence: 'Drops elements of the task vectors by chance, small ones of each row sooner than large ones',
  when: 'As DARE, where small elements matter less than large ones',
  costs: 'A pass that ranks the elements of each row',
  equation: 'τ_t = m_t ⊙ τ_t / p,   m_t ~ Bernoulli(p),   p = density − ε + 2 ε rank |τ_t| / (n − 1)',
  parameters,
  presets: {
    'as the paper': { parameters: { rescale: 'expectation', consensus: 'elected', sign: 'none', normalize: true } },
    'as mergekit': {
      parameters: { density: 1, rescale: 'l1', consensus: 'elected', normalize: true },
      coefficient: 1,
    },
    'as mergekit, della_linear': { parameters: { density: 1, rescale: 'l1' }, coefficient: 1 },
  },
  needs: { base: true, least: 1 },
  coefficient: 0.3,
  weights: 'own',
  each: ['density', 'epsilon'],
  gives: sparseGives,
} as const satisfies MergeCard<typeof parameters>
