// Fine-tuning in the tangent space of the pre-trained model.
import type { TuningCard } from '../card.ts'

export const linear = {
  name: 'linear',
  title: 'Linear',
  paper: {
    authors: 'Ortiz-Jimenez et al.',
    title: 'Task Arithmetic in the Tangent Space: Improved Editing of Pre-Trained Models',
    where: 'NeurIPS',
    year: 2023,
  },
  sentence: 'Learns in the tangent space: the features are linear in the weights',
  when: 'When vectors are to be added or negated: they disturb each other less',
  costs: 'About twice a standard step: the features and how they move',
  equation: 'f_lin(x; θ) = f(x; θ_pre) + J(x; θ_pre) (θ − θ_pre),   min_θ CE(W f_lin / |f_lin|)',
  linear: true,
  fields: {},
} as const satisfies TuningCard
