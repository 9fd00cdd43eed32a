// SAR over coefficients: entropy of reliable images only, in sharpness-aware steps. States are judged by the entropy of
// all images: by its own loss, the best state would be one that is sure of nothing. Unlike its authors' code: the mean
// is over all images of the batch, not over the reliable ones, whose number AdamW divides out again but for clipping;
// and the model is never reset to its beginning.
import type { ObjectiveCard } from './card.ts'

export const sar = {
  name: 'sar',
  title: 'SAR',
  paper: {
    authors: 'Niu et al.',
    title: 'Towards Stable Test-Time Adaptation in Dynamic Wild World',
    where: 'ICLR',
    year: 2023,
  },
  sentence: 'Entropy of reliable images alone, in sharpness-aware steps',
  when: 'For test images of changing kind, where plain entropy collapses',
  costs: 'Two passes for each step: one finds where to take the gradient',
  equation: 'L(x) = [H(x) < 0.4 ln C] H(x),   its gradient g taken at c + 0.05 g(c) / |g(c)|',
  loss: 'reliable-entropy',
  judge: 'entropy',
  sharpness: 0.05,
  unlabelled: true,
  adapts: true,
} as const satisfies ObjectiveCard
