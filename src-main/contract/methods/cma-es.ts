// Separable CMA-ES: the coefficients of aTLAS without gradients; a generation of samples is a step and an epoch. aTLAS'
// gradient-free variant searches the same coefficients with another such program.
import { byStep, type MethodCard } from './card.ts'

export const cmaEs = {
  name: 'cma-es',
  title: 'CMA-ES',
  paper: {
    authors: 'Ros and Hansen',
    title: 'A Simple Modification in CMA-ES Achieving Linear Time and Space Complexity',
    where: 'PPSN',
    year: 2008,
  },
  sentence: 'Searches a coefficient for every vector and block by samples, without gradients',
  when: 'When gradients cannot be had, or the objective has steps',
  costs: 'A generation of evaluations a step, no gradient',
  equation: 'θ_b = θ_pre,b + Σ_t λ_t,b τ_t,b,   λ_k ~ N(m, σ² C) with C diagonal; the better half moves m, σ and C',
  stages: ['run', 'start'],
  learns: { by: 'cma-es' },
  reads: { ...byStep, initialCoefficient: { symbol: 'm' } },
  needs: { vectors: { least: 1 } },
} as const satisfies MethodCard
