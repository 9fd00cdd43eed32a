// Linear fine-tuning whose vector is kept from moving the features of other tasks' images.
import { z } from 'zod'

import type { TuningCard } from '../card.ts'

export const tauJp = {
  name: 'tau-jp',
  title: 'τJp',
  paper: {
    authors: 'Yoshida et al.',
    title: 'Mastering Task Arithmetic: τJp as a Key Indicator for Weight Disentanglement',
    where: 'ICLR',
    year: 2025,
  },
  sentence: "Linear fine-tuning with a penalty on how far the vector moves features of other tasks' images",
  when: 'When vectors are to be added with coefficient 1: those that merge best',
  costs: 'A linear step, and one more on a few images of other tasks',
  equation: 'CE(f_lin) + c mean_x′ |J(x′; θ_pre) (θ − θ_pre)|,   x′ from the other tasks',
  others: true,
  linear: true,
  fields: {
    penalty: z.number().min(0).max(1000).default(0.1).meta({
      title: 'Penalty',
      symbol: 'c',
      description: "what the mean movement of the others' features is multiplied by",
    }),
    mode: z.enum(['efficient', 'strict']).default('efficient').meta({
      title: 'Others in a step',
      description: 'efficient: one of the others in each step, in turn; strict: all of them, the mean of their means',
    }),
    otherBatch: z.number().int().min(1).max(4096).default(16).meta({
      title: 'Images of others',
      description: 'of each of the others that a step looks at',
    }),
    by: z.enum(['images', 'kfac']).default('images').meta({
      title: 'Others by',
      description:
        "images: of the other tasks, in each step; kfac (experimental): curvature of their features, taken once before the first step: c/2 Σ_l tr(Δ_l A_l Δ_l' B_l)",
    }),
    curvatureImages: z.number().int().min(1).max(1_000_000).default(256).meta({
      title: 'Curvature images',
      description: 'of each of the others, that kfac looks at',
    }),
    probes: z.number().int().min(1).max(4096).nullable().default(1).meta({
      title: 'Curvature probes',
      description:
        "random directions of each image's feature that kfac follows back; null: each number of the feature, exact",
    }),
  },
} as const satisfies TuningCard
