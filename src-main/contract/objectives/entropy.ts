// Entropy of the prediction: AdaMerging's surrogate for a loss with labels.
import type { ObjectiveCard } from './card.ts'

export const entropy = {
  name: 'entropy',
  title: 'Entropy',
  paper: {
    authors: 'Yang et al.',
    title: 'AdaMerging: Adaptive Model Merging for Multi-Task Learning',
    where: 'ICLR',
    year: 2024,
  },
  sentence: 'Makes the model sure of what it says',
  when: 'When there are no labels and the model is mostly right',
  costs: 'One forward pass for each image',
  equation: 'H = −Σ_c p_c log p_c',
  loss: 'entropy',
  unlabelled: true,
} as const satisfies ObjectiveCard
