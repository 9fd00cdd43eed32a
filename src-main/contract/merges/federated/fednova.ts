// FedNova: task vectors are divided by the steps that they took, and their mean is multiplied by the mean steps.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'

const parameters = z.strictObject({
  steps: z.array(z.number().gt(0)).default([]).meta({
    title: 'Steps',
    symbol: 'a',
    description: "that each model was trained for; none: their vectors' norms stand for them",
  }),
})

export const fednova = {
  name: 'fednova',
  kind: 'federated',
  title: 'FedNova',
  paper: {
    authors: 'Wang et al.',
    title: 'Tackling the Objective Inconsistency Problem in Heterogeneous Federated Optimization',
    where: 'NeurIPS',
    year: 2020,
  },
  normalizes: () => true,
  sentence: 'Averages task vectors so that who was trained for longer does not count for more',
  when: 'For models trained for different numbers of steps',
  costs: 'One pass over the files, a tensor at a time',
  equation: 'τ = (Σ_t p_t a_t) Σ_t p_t τ_t / a_t',
  parameters,
  presets: { 'as the paper': { parameters: {} } },
  needs: { base: true, least: 1 },
  coefficient: 1,
  weights: 'own',
  gives: () => 'one',
} as const satisfies MergeCard<typeof parameters>
