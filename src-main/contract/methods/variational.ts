// Variational composition: aTLAS' coefficients, each with a posterior of its own, a spike at 0 and a slab around its
// value; the model is made of the coefficients that are both there and sure. Its objective is in
// numbers/spike-and-slab.ts and engine/learning/ways/variational.ts. One posterior for all images.
import type { MethodCard } from './card.ts'

export const variational = {
  name: 'variational',
  title: 'Variational',
  paper: null,
  sentence: 'Learns whether each coefficient is there and how sure, and keeps the sure ones',
  when: 'When it matters which vectors count where, and how far a coefficient is known from these images',
  costs: 'A forward and a backward pass for each step',
  equation:
    'θ_b = θ_pre,b + Σ_t λ_t,b z_t,b τ_t,b,   z ~ Bern(π), λ ~ N(μ, σ²);   min E_q[L] + β/N KL(q‖p);   kept: π|μ|/σ > γ',
  stages: ['run', 'start'],
  learns: { by: 'variational', uncertain: true },
  reads: {
    steps: {},
    epochs: {},
    initialCoefficient: { symbol: 'μ' },
    patience: {},
    learningRate: {},
    schedule: {},
    combine: {},
    clipNorm: {},
    klWeight: { symbol: 'β' },
    priorDeviation: { symbol: 'σ₀' },
    priorInclusion: { symbol: 'π₀' },
    gate: { symbol: 'γ' },
  },
  needs: { vectors: { least: 1 } },
} as const satisfies MethodCard
