// aTLAS: one coefficient for every vector and block, learned from their initial value (0: the pre-trained model) on the
// objective.
import { byGradient, type MethodCard } from './card.ts'

export const atlas = {
  name: 'atlas',
  title: 'aTLAS',
  paper: {
    authors: 'Zhang et al.',
    title: 'Knowledge Composition using Task Vectors with Learned Anisotropic Scaling',
    where: 'NeurIPS',
    year: 2024,
  },
  sentence: 'Learns a coefficient for every vector and block by gradient descent',
  when: 'When some labelled images are there: the best start for difference vectors',
  costs: 'A forward and a backward pass for each step',
  equation: 'θ_b = θ_pre,b + Σ_t λ_t,b τ_t,b,   λ from 0 by AdamW',
  stages: ['run', 'start'],
  learns: { by: 'gradient' },
  reads: { ...byGradient, initialCoefficient: { symbol: 'λ' } },
  needs: { vectors: { least: 1 } },
} as const satisfies MethodCard
