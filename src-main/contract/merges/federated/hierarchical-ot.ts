// Hierarchical optimal transport: attention's matrices are turned to the pre-trained model's neurons before their mean
// is taken; all else is averaged by cosines to it.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'

const parameters = z.strictObject({
  blur: z.number().gt(0).max(10).default(0.01).meta({
    title: 'Blur',
    symbol: 'ε',
    description: 'of the transport, in mean squared distances: the smaller, the nearer to a permutation',
  }),
  iterations: z.number().int().min(1).max(10_000).default(50).meta({
    title: 'Iterations',
    description: 'of Sinkhorn',
  }),
})

export const hierarchicalOt = {
  name: 'hierarchical-ot',
  title: 'Hierarchical OT',
  kind: 'federated',
  paper: {
    authors: 'Singh and Jaggi',
    title: 'Model Fusion via Optimal Transport',
    where: 'NeurIPS',
    year: 2020,
  },
  sentence:
    "Turns each model's attention to the pre-trained model's neurons by optimal transport; weighs the rest by cosines",
  when: 'For transformers whose neurons may have changed places since the pre-trained model',
  costs: 'A transport problem for every attention layer: minutes',
  equation: 'θ = Σ_t p_t P_t θ_t Q_tᵀ in attention, else Σ_t p_t θ_t with p_t ∝ cos(θ_pre, θ_t)',
  parameters,
  needs: { base: true, least: 1 },
  coefficient: 1,
  weights: 'own',
  gives: () => 'one',
} as const satisfies MergeCard<typeof parameters>
