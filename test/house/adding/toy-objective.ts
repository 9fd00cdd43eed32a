// An objective whose loss there is: this page, its card, is all of it.
import type { ObjectiveCard } from '../../../src-main/contract/objectives/card.ts'

export const toyObjective = {
  name: 'sharp',
  title: 'Toy sharpness',
  paper: null,
  sentence: 'Cross-entropy in sharpness-aware steps',
  when: 'To see that one card is all of it',
  costs: 'A step, as any other',
  equation: 'L = −log p_y, its gradient taken at c + 0.1 g / |g|',
  loss: 'cross-entropy',
  sharpness: 0.1,
  adapts: true,
} as const satisfies ObjectiveCard
