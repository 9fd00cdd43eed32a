// AdaMerging: the coefficients of aTLAS from 0.3, by Adam without decay, clamped to [0, 1]; its authors learn on the
// entropy of unlabelled images (objective "entropy"). Task-wise: one group in all (blocks "scalar"); layer-wise, as its
// authors call it: one a tensor. "++": the vectors trimmed to their largest 20 % with elected signs first (trim 0.2).
import { byGradient, type MethodCard } from './card.ts'

export const adaMerging = {
  name: 'adamerging',
  title: 'AdaMerging',
  paper: {
    authors: 'Yang et al.',
    title: 'AdaMerging: Adaptive Model Merging for Multi-Task Learning',
    where: 'ICLR',
    year: 2024,
  },
  sentence: 'Learns a coefficient for every vector and block, kept between 0 and 1',
  when: 'When labels are missing and every block may have a coefficient of its own',
  costs: 'A forward and a backward pass for each step',
  equation: 'θ_b = θ_pre,b + Σ_t λ_t,b τ_t,b,   λ from 0.3 by Adam, clamped to [0, 1]',
  stages: ['run', 'start'],
  learns: { by: 'gradient' },
  reads: {
    ...byGradient,
    initialCoefficient: { value: 0.3, symbol: 'λ' },
    learningRate: { value: 0.001 },
    weightDecay: { value: 0 },
    clipNorm: { value: null },
    clamp: { value: [0, 1] },
    trim: {},
  },
  needs: { vectors: { least: 1 } },
} as const satisfies MethodCard
