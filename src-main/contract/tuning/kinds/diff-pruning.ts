// A sparse difference whose places are learned with it.
import { z } from 'zod'

import type { TuningCard } from '../card.ts'

export const diffPruning = {
  name: 'diff-pruning',
  title: 'Diff pruning',
  paper: {
    authors: 'Guo et al.',
    title: 'Parameter-Efficient Transfer Learning with Diff Pruning',
    where: 'ACL',
    year: 2021,
  },
  sentence: 'Learns a difference and, by a relaxed L0 norm, which of its elements stay',
  when: 'When the difference is to be half a percent of the weights',
  costs: 'A standard step, a pass over all weights on the processor, and five numbers a weight',
  equation: 'θ = θ_pre + z ⊙ z_g w,   CE + λ_0 E|z|_0,   z = clamp(s̄(α) (r − l) + l),   l = −1.5, r = 1.5',
  learningRate: 5e-5,
  weightDecay: 0,
  fields: {
    l0: z.number().min(0).max(1).default(1.25e-7).meta({ title: 'L0 weight', symbol: 'λ_0' }),
    gate: z.number().min(-20).max(20).default(5).meta({ title: 'First gate', symbol: 'α' }),
    gateRate: z.number().positive().max(10).default(0.1).meta({ title: "Gates' learning rate" }),
    density: z.number().gt(0).max(1).default(0.005).meta({
      title: 'Density',
      description: 'share of the elements that stay after the first half: the largest',
    }),
    fixedShare: z.number().min(0).lt(1).default(0.5).meta({
      title: 'Fixed share',
      description: 'of the steps, at the end, in which the places are fixed and only what stays is learned on',
    }),
  },
} as const satisfies TuningCard
