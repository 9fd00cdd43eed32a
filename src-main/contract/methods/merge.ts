// A merge without training (contract/merges) as it is: its vectors times its own coefficient, or the one that is said.
// Nothing is learned; what difference vectors add to it is what a run of dv-basi that starts so finds out.
import type { MethodCard } from './card.ts'

export const merge = {
  name: 'merge',
  title: 'A merge without training',
  paper: null,
  sentence: 'Merges the fine-tuned models without data, by any merge of Basil',
  when: 'To compare a merge without training with what learning finds, on the same images',
  costs: 'One merge, and an evaluation',
  equation: 'θ_0 = θ_pre + λ Σ_v τ_v,   τ_v: what the merge makes of the task vectors',
  stages: ['run', 'start'],
  learns: { by: 'as-it-is', tableless: true, takesCoefficient: true },
  reads: { merge: {}, set: {}, weights: {}, initialCoefficient: { symbol: 'λ' } },
  needs: { vectors: { least: 1 } },
} as const satisfies MethodCard
