// A method that learns in a way of its own: its card, and beside it its way (halving.ts).
import type { MethodCard } from '../../../src-main/contract/methods/card.ts'

export const toyWalk = {
  name: 'walk',
  title: 'Toy walk',
  paper: null,
  sentence: 'Walks from the pre-trained model half of what is left to the sum of all vectors in each step',
  when: 'To see that one card is all of it',
  costs: 'A step, as any other',
  equation: 'θ_k = θ_pre + (1 − 2^−k) Σ_t τ_t',
  stages: ['run', 'start'],
  learns: { by: 'halving' },
  reads: { steps: {} },
  needs: { vectors: { least: 1 } },
} as const satisfies MethodCard
