// Cross-entropy with labels.
import type { ObjectiveCard } from './card.ts'

export const crossEntropy = {
  name: 'cross-entropy',
  title: 'Cross-entropy',
  paper: null,
  sentence: 'Learns from labels',
  when: 'When images have labels: it is the plainest and the strongest',
  costs: 'One forward pass for each image',
  equation: 'L = −log p_y',
  loss: 'cross-entropy',
} as const satisfies ObjectiveCard
