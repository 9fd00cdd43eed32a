// UFM, unsupervised FixMatch with trusted images: adaptation to a set without a single label. Its equations and its
// three forms are in engine/learning/losses/ufm.ts.
import type { ObjectiveCard } from './card.ts'

export const ufm = {
  name: 'ufm',
  title: 'UFM',
  paper: {
    authors: 'Zhang et al.',
    title: 'Knowledge Composition using Task Vectors with Learned Anisotropic Scaling',
    where: 'NeurIPS',
    year: 2024,
  },
  sentence: 'Pseudo-labels, and for trusted images what the pre-trained model takes them for',
  when: 'For a set without any label, when the pre-trained model knows part of it',
  costs: 'Two views of each image, and a pass of the pre-trained model once',
  equation: 'L = mean_i w_i CE(q_i, p(strong view of i)),   w_i = 1 for trusted images, [max p > 0.99] for others',
  loss: 'ufm',
  unlabelled: true,
  strongViews: true,
  adapts: true,
  trustsPretrained: true,
  reads: ['ufm'],
} as const satisfies ObjectiveCard
