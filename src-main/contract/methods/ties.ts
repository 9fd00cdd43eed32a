// TIES: the vectors trimmed to their largest elements, a sign elected for each element, and the mean of those that
// agree in place of all of them (engine/merging); its coefficient is searched on the grid 0, 0.125, ..., 2.5. tau is a
// mean, so that lambda is about T times the one of a sum; its authors take 1 without validation data and search up to
// 2.5.
import { tiesMerging } from '../paper.ts'
import type { MethodCard } from './card.ts'

export const ties = {
  name: 'ties',
  title: 'TIES',
  paper: tiesMerging,
  sentence: 'Trims the vectors, elects a sign for each element and merges those that agree',
  when: 'When task arithmetic loses because the models pull apart',
  costs: '21 evaluations of the objective, and no gradient',
  equation: 'θ = θ_pre + λ τ,   τ = mean of the trimmed τ_t that have the elected sign,   λ = 0, 0.125, …, 2.5',
  stages: ['run', 'start'],
  learns: { by: 'grid', tableless: true, furthest: 2.5 },
  reads: { trim: { value: 0.2, symbol: 'k' } },
  needs: { vectors: { least: 1 } },
} as const satisfies MethodCard
