// Karcher mean: the point of the sphere that has the least sum of squared arcs to the models' directions.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { scopeField } from '../fields.ts'

const parameters = z.strictObject({
  iterations: z.number().int().min(1).max(1000).default(10).meta({
    title: 'Iterations',
    description: 'steps along the sphere at most',
  }),
  tolerance: z.number().gt(0).max(0.1).default(1e-5).meta({
    title: 'Tolerance',
    description: 'angle of a step below which it ends; models of a smaller norm have no direction',
  }),
  scope: scopeField('tensor'),
})

export const karcher = {
  name: 'karcher',
  kind: 'spheres',
  title: 'Karcher mean',
  paper: {
    authors: 'Karcher',
    title: 'Riemannian Center of Mass and Mollifier Smoothing',
    where: 'Communications on Pure and Applied Mathematics',
    year: 1977,
  },
  normalizes: () => true,
  sentence: 'Takes the mean of several models on the sphere, by steps along it, at their mean norm',
  when: 'For several models far apart, where one step to their mean is not enough',
  costs: 'Some steps for each tensor, over all models',
  equation: 'θ = u Σ_t w_t |θ_t|,   u = argmin_u Σ_t w_t arccos²⟨u, θ_t / |θ_t|⟩',
  parameters,
  presets: { 'as mergekit': { parameters: { iterations: 10, tolerance: 1e-5 } } },
  needs: { base: false, least: 2 },
  coefficient: 1,
  weights: 'own',
  gives: () => 'model',
} as const satisfies MergeCard<typeof parameters>
