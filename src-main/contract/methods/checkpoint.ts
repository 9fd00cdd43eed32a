// A start that is already there: a merged or fine-tuned model, theta_0 = theta_pre + 1 tau, whose own task vector is
// the only one. Nothing is learned.
import type { MethodCard } from './card.ts'

export const checkpoint = {
  name: 'checkpoint',
  title: 'A model that is there',
  paper: null,
  sentence:
    'Takes a merged or fine-tuned model as it is, so that its difference from the pre-trained one can be scaled',
  when: 'To refine a model that is already good, whoever merged it',
  costs: 'Nothing before the iterations that follow',
  equation: 'θ_0 = θ_pre + τ',
  stages: ['start'],
  learns: { by: 'as-it-is', tableless: true },
  reads: { checkpoint: {} },
  needs: { vectors: { least: 0 } },
} as const satisfies MethodCard
