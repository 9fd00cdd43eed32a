// Low-rank adapters of attention.
import { z } from 'zod'

import type { TuningCard } from '../card.ts'

export const loraTargets = ['q', 'k', 'v', 'out', 'fc1', 'fc2'] as const

export const lora = {
  name: 'lora',
  title: 'LoRA',
  paper: {
    authors: 'Hu et al.',
    title: 'LoRA: Low-Rank Adaptation of Large Language Models',
    where: 'ICLR',
    year: 2022,
  },
  sentence: 'Learns a product of two thin matrices beside each chosen matrix',
  when: 'When the difference is to be small on disk, or others merge adapters',
  costs: 'A little less than a standard step, and far less memory',
  equation: 'W = W_pre + s B A,   A (r, in) uniform, B (out, r) from 0,   s = α / r',
  linear: 'where asked',
  learningRate: 1e-4,
  fields: {
    rank: z.number().int().min(1).max(1024).default(16).meta({ title: 'Rank', symbol: 'r' }),
    alpha: z.number().positive().max(4096).default(16).meta({ title: 'Alpha', symbol: 'α' }),
    targets: z
      .array(z.enum(loraTargets))
      .min(1)
      .default(['q', 'k', 'v', 'out'])
      .meta({ title: 'Targets', description: 'matrices of every layer that get an adapter' }),
    linearised: z.boolean().default(false).meta({
      title: 'Linearised',
      description: 'the product to first order at its start, s B A_0, in the tangent space',
    }),
  },
} as const satisfies TuningCard
