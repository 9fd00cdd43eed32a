// Task adaptive parameter sharing: which layers move is learned.
import { z } from 'zod'

import type { TuningCard } from '../card.ts'

export const taps = {
  name: 'taps',
  title: 'TAPS',
  paper: {
    authors: 'Wallingford et al.',
    title: 'Task Adaptive Parameter Sharing for Multi-Task Learning',
    where: 'CVPR',
    year: 2022,
  },
  sentence: 'Learns which tensors move at all: one whose score falls below the threshold is the pre-trained one',
  when: 'When few layers of a model are to differ from the pre-trained one',
  costs: 'A standard step',
  equation: 'θ_l = θ_pre,l + I(s_l ≥ t) δ_l,   CE + (λ / L) Σ_l |s_l|,   ∂I/∂s = 1',
  learningRate: 5e-5,
  weightDecay: 0,
  fields: {
    threshold: z.number().min(0).max(10).default(0.1).meta({ title: 'Threshold', symbol: 't' }),
    score: z.number().min(0).max(10).default(0.15).meta({ title: 'First score', symbol: 's' }),
    sparsity: z.number().min(0).max(1000).default(1).meta({
      title: 'Sparsity',
      symbol: 'λ',
      description: 'weight of the mean score beside the loss',
    }),
    sparsityAfter: z.number().int().min(0).max(1_000_000).default(3).meta({
      title: 'Sparsity after',
      description: 'epochs that are learned without it first',
    }),
    momentum: z.number().min(0).lt(1).default(0.9).meta({
      title: 'Momentum',
      symbol: 'μ',
      description: "of Nesterov's gradient descent, which stands in for AdamW here",
    }),
  },
} as const satisfies TuningCard
