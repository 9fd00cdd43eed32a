// Multi-SLERP: the weighted mean of the directions of several models or task vectors, at their mean norm.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { mergekit, normalizeField, ofField } from '../fields.ts'

const parameters = z.strictObject({ of: ofField, normalize: normalizeField(true) })

export const multiSlerp = {
  name: 'multi-slerp',
  kind: 'spheres',
  title: 'Multi-SLERP',
  paper: mergekit,
  normalizes: ({ normalize }) => normalize,
  sentence: 'Takes the mean direction of several models on the sphere, at their mean norm, tensor by tensor',
  when: 'For several models that should keep their size when averaged',
  costs: 'Two passes over the files',
  equation: 'x = m / |m| Σ_t w_t |x_t|,   m = Σ_t w_t x_t / |x_t|',
  parameters,
  presets: {
    'as mergekit': { parameters: {} },
    'as mergekit, with a base': { parameters: { of: 'differences' }, coefficient: 1 },
  },
  needs: { base: ({ of }) => of === 'differences', least: 1 },
  coefficient: 1,
  weights: 'own',
  gives: ({ of }) => (of === 'models' ? 'model' : 'one'),
} as const satisfies MergeCard<typeof parameters>
