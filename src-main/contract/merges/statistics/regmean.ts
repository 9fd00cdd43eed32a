// RegMean: the linear layer that answers every task's inputs as that task's own model does, in least squares.
import type { MergeCard } from '../card.ts'
import { ofInputs } from './fields.ts'
import { parameters, presets } from './regression.ts'

export const regmean = {
  name: 'regmean',
  title: 'RegMean',
  kind: 'statistics',
  paper: {
    authors: 'Jin et al.',
    title: 'Dataless Knowledge Fusion by Merging Weights of Language Models',
    where: 'ICLR',
    year: 2023,
  },
  sentence: "Solves each linear layer so that it answers every task's inputs as that task's own model does",
  when: 'With some images of each task, for towers whose linear layers do most of the work',
  costs: 'A forward pass for each image, and a linear system for each layer',
  equation: "W = (Σ_t W_t G_t)(Σ_t G_t)⁻¹,   G_t = X_t'X_t / rows, off its diagonal times α",
  parameters,
  presets,
  needs: { base: true, least: 1, statistics: ofInputs },
  coefficient: 1,
  weights: 'own',
  gives: () => 'one',
} as const satisfies MergeCard<typeof parameters>
