// A method that learns in a way there is: this page, its card, is all of it.
import { byStep, type MethodCard } from '../../../src-main/contract/methods/card.ts'

export const toyMethod = {
  name: 'toy',
  title: 'Toy scaling',
  paper: { authors: 'Toy et al.', title: 'On Toys', where: 'TOY', year: 2025 },
  sentence: 'Learns a coefficient for every vector and block from a half',
  when: 'To see that one card is all of it',
  costs: 'A step, as any other',
  equation: 'θ_b = θ_pre,b + Σ_t κ_t,b τ_t,b',
  stages: ['run', 'start'],
  learns: { by: 'gradient' },
  reads: {
    ...byStep,
    initialCoefficient: { value: 0.5, symbol: 'κ', least: 0.2, most: 0.8 },
    learningRate: { value: 0.02 },
    trim: { value: 0.4 },
  },
  needs: { vectors: { least: 2, most: 3 }, labels: true },
} as const satisfies MethodCard
