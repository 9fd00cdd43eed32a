// DARE: elements of each task vector are dropped at random, and the rest is scaled up so that its expectation stays.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { seedField, sparseFields, sparseGives } from '../fields.ts'

const parameters = z.strictObject({
  density: z.number().min(0).max(1).default(0.5).meta({
    title: 'Density',
    symbol: '1 − p',
    description: 'chance of each element to stay',
  }),
  rescale: z.enum(['none', 'expectation', 'l1']).default('expectation').meta({
    title: 'Rescale',
    description: 'what stays: not at all, by one over the density, or to the L1 norm that each tensor had',
  }),
  ...sparseFields,
  seed: seedField,
})

export const dare = {
  name: 'dare',
  kind: 'sparse',
  title: 'DARE',
  paper: {
    authors: 'Yu et al.',
    title: 'Language Models are Super Mario: Absorbing Abilities from Homologous Models as a Free Lunch',
    where: 'ICML',
    year: 2024,
  },
  normalizes: ({ normalize, consensus }) => normalize && consensus === 'none',
  sentence: 'Drops elements of the task vectors at random and scales up the rest',
  when: 'For many models with small differences, where most of a difference is not needed',
  costs: 'One pass over the files, a tensor at a time',
  equation: 'τ_t = m_t ⊙ τ_t / (1 − p),   m_t ~ Bernoulli(1 − p)',
  parameters,
  presets: {
    'as the paper': { parameters: { density: 0.1, rescale: 'expectation' } },
    'as mergekit': { parameters: { density: 1, rescale: 'l1' }, coefficient: 1 },
    'as mergekit, dare_ties': { parameters: { density: 1, rescale: 'l1', consensus: 'elected' }, coefficient: 1 },
    'as fusion_bench': { parameters: { density: 0.5, rescale: 'expectation' }, coefficient: 0.3 },
  },
  needs: { base: true, least: 1 },
  coefficient: 0.3,
  weights: 'own',
  each: ['density'],
  gives: sparseGives,
} as const satisfies MergeCard<typeof parameters>
