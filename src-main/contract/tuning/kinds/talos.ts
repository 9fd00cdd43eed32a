// Sparse fine-tuning of the weights to which the pre-trained model is least sensitive.
import { z } from 'zod'

import type { TuningCard } from '../card.ts'

export const talos = {
  name: 'talos',
  title: 'TaLoS',
  paper: {
    authors: 'Iurada et al.',
    title: 'Efficient Model Editing with Task-Localized Sparse Fine-tuning',
    where: 'ICLR',
    year: 2025,
  },
  sentence: 'Moves only the weights to which the pre-trained model is least sensitive, chosen before training',
  when: 'When vectors are to be added or negated, at less than the cost of a standard step',
  costs: 'Passes over validation images for the mask, one image at a time; then less than a standard step',
  equation: 'F_p = Σ_x (∂z_ŷ(x)/∂θ_p)², ŷ ~ softmax(z);   θ ← θ (1 − m η w) − m η m̂ / (√v̂ + ε)',
  fields: {
    density: z.number().gt(0).max(1).default(0.1).meta({
      title: 'Density',
      description: 'share of the weights that may move',
    }),
    rounds: z.number().int().min(1).max(16).default(4).meta({
      title: 'Rounds',
      description: 'in which the mask shrinks to its density: density^(k / rounds) after the k-th',
    }),
    shrink: z.number().min(0).max(1).default(0.1).meta({
      title: 'Shrink',
      description: 'what weights that are out are multiplied by while later rounds look',
    }),
    calibration: z.number().int().min(1).max(1_000_000).nullable().default(null).meta({
      title: 'Calibration images',
      description: 'of the validation data, or of the learning data where there is none; null: all',
    }),
  },
} as const satisfies TuningCard
