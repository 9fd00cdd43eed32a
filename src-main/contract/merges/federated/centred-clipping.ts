// Centred clipping: a mean of the task vectors that no one of them can pull far.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { scopeField } from '../fields.ts'

const parameters = z.strictObject({
  radius: z
    .number()
    .gt(0)
    .default(1)
    .meta({ title: 'Radius', symbol: 'r', description: 'how far a vector may pull, in medians of their norms' }),
  iterations: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(1)
    .meta({ title: 'Iterations', description: 'steps from the pre-trained model' }),
  scope: scopeField('model'),
})

export const centredClipping = {
  name: 'centred-clipping',
  kind: 'federated',
  title: 'Centred clipping',
  paper: {
    authors: 'Karimireddy et al.',
    title: 'Learning from History for Byzantine Robust Optimization',
    where: 'ICML',
    year: 2021,
  },
  normalizes: () => true,
  sentence: 'Averages task vectors, each clipped to a radius around the mean so far',
  when: 'When some of many models may be far off, and a median loses too much',
  costs: 'Several passes over the models',
  equation: 'v ← v + Σ_t p_t (τ_t − v) min(1, r / |τ_t − v|)',
  parameters,
  presets: { 'as the paper': { parameters: { radius: 1, iterations: 1 } } },
  needs: { base: true, least: 1 },
  coefficient: 1,
  weights: 'own',
  gives: () => 'one',
} as const satisfies MergeCard<typeof parameters>
