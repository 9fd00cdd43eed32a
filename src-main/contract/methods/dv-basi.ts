// DV-BASI: from the optimum theta* of a start the difference vector delta = theta* - theta_pre is a direction of its
// own; it is scaled block by block, in several iterations. Its equations, and those of its controls, are in
// engine/learning/difference-vector.ts. "No change", lambda = 0, stays a candidate: only what beats it is accepted.
import { byGradient, type MethodCard } from './card.ts'

export const dvBasi = {
  name: 'dv-basi',
  title: 'DV-BASI',
  paper: {
    title: 'Escaping Optimization Stagnation: Taking Steps Beyond Task Arithmetic via Difference Vectors',
    where: 'AAAI',
    year: 2026,
  },
  sentence: 'Where a start stagnates, scales what it changed block by block, repeatedly',
  when: 'After a start that no longer improves, or on top of any merged model',
  costs: 'As the start for each iteration, with one vector',
  equation:
    'δ_k = θ_{k−1} − θ_pre,   θ_k,b = θ_{k−1,b} + λ_k,b δ_k,b,   λ from 0.1 by AdamW; kept where better than λ = 0',
  stages: ['run', 'iteration'],
  learns: { by: 'gradient', still: 0 },
  reads: {
    ...byGradient,
    initialCoefficient: { value: 0.1, symbol: 'λ' },
    iterations: { symbol: 'M' },
    control: {},
    expansion: {},
  },
  needs: { vectors: { least: 1 } },
} as const satisfies MethodCard
