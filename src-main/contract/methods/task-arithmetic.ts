// Task arithmetic: one coefficient for all vectors and blocks, searched on the grid 0, 0.05, ..., 1, or 0, -0.05, ...,
// -1 where a task is to be forgotten (negation, section 3 of the paper). Nothing is differentiated.
import type { MethodCard } from './card.ts'

export const taskArithmetic = {
  name: 'task-arithmetic',
  title: 'Task arithmetic',
  paper: { authors: 'Ilharco et al.', title: 'Editing Models with Task Arithmetic', where: 'ICLR', year: 2023 },
  sentence: 'Adds all task vectors with one coefficient, the best of 21 between 0 and 1',
  when: 'Begin here: it is over soon and says what a single coefficient can do',
  costs: '21 evaluations of the objective, and no gradient',
  equation: 'θ = θ_pre + α Σ_t τ_t,   α = 0, 0.05, …, 1; to forget, 0, −0.05, …, −1',
  stages: ['run', 'start'],
  learns: { by: 'grid', tableless: true, furthest: 1, turns: true },
  reads: {},
  needs: { vectors: { least: 1 } },
} as const satisfies MethodCard
