// MagMax: of each element the task vector of largest magnitude.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'

const parameters = z.strictObject({})

export const magmax = {
  name: 'magmax',
  kind: 'consensus',
  title: 'MagMax',
  paper: {
    authors: 'Marczak et al.',
    title: 'MagMax: Leveraging Model Merging for Seamless Continual Learning',
    where: 'ECCV',
    year: 2024,
  },
  sentence: 'Takes of each element the task vector of largest magnitude',
  when: 'For models fine-tuned one after another, each from the one before',
  costs: 'One pass over the files, a tensor at a time',
  equation: 'τ_i = τ_t,i,   t = argmax_t |τ_t,i|',
  parameters,
  presets: { 'as fusion_bench': { parameters: {}, coefficient: 0.5 } },
  needs: { base: true, least: 1 },
  coefficient: 0.5,
  gives: () => 'one',
} as const satisfies MergeCard<typeof parameters>
