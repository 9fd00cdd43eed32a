// Cross-entropy with labels.
import type { ObjectiveCard } from './card.ts'

export const crossEntropy = {
  name: 'cross-entropy',
  title: 'Cross-entropy',
  paper: null,
  sentence: 'Learns from labels',
  equation: 'L = −log p_y',
  loss: 'cross-entropy',
} as const satisfies ObjectiveCard
