// An objective with a loss of its own: its card, and beside it the loss (brier.ts).
import type { ObjectiveCard } from '../../../src-main/contract/objectives/card.ts'

export const toyScore = {
  name: 'score',
  title: 'Toy score',
  paper: null,
  sentence: 'The square of what probabilities miss',
  when: 'To see that one card is all of it',
  costs: 'A step, as any other',
  equation: 'L = Σ_c (p_c − [c = y])²',
  loss: 'brier',
} as const satisfies ObjectiveCard
