// Fine-tuning as the field does it: every weight of the image tower moves, the head stays.
import type { TuningCard } from '../card.ts'

export const standard = {
  name: 'standard',
  title: 'Standard',
  paper: {
    authors: 'Ilharco et al.',
    title: 'Editing Models with Task Arithmetic',
    where: 'ICLR',
    year: 2023,
  },
  sentence: 'Moves every weight of the image tower by AdamW on the cross-entropy of a frozen head',
  when: 'When the model is wanted for its own task, and as what others are compared with',
  costs: 'A forward and a backward pass for each step',
  equation: 'min_θ CE(W f(x; θ) / |f(x; θ)|),   θ from θ_pre',
  fields: {},
} as const satisfies TuningCard
