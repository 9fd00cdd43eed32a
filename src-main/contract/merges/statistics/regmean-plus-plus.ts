// RegMean++: RegMean, with a layer's inputs as the merged layers before it give them.
import type { MergeCard } from '../card.ts'
import { ofInputs } from './fields.ts'
import { parameters, presets } from './regression.ts'

export const regmeanPlusPlus = {
  name: 'regmean-plus-plus',
  title: 'RegMean++',
  kind: 'statistics',
  paper: {
    authors: 'Nguyen et al.',
    title: 'RegMean++: Enhancing Effectiveness and Generalization of Regression Mean for Model Merging',
    where: 'arXiv:2508.03121',
    year: 2025,
  },
  sentence: 'As RegMean, layer after layer, on the inputs that the merged layers before give',
  when: 'As RegMean, where merged early layers change what later ones see',
  costs: 'As RegMean, layer after layer: a forward pass for each layer',
  equation: "W = (Σ_t W_t G_t)(Σ_t G_t)⁻¹,   G_t = X_t'X_t / rows of what the merged layers before make of task t",
  parameters,
  presets,
  needs: { base: true, least: 1, statistics: `${ofInputs}, as the merged model gives them` },
  coefficient: 1,
  weights: 'own',
  gives: () => 'one',
} as const satisfies MergeCard<typeof parameters>
