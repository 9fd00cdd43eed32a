// WiSE-FT: between the pre-trained model and the fine-tuned one; the curve is this at several alphas.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'
import { parts } from './parts.ts'

const parameters = z.strictObject({
  alpha: z.number().min(0).max(1).default(0.5).meta({
    title: 'Alpha',
    symbol: 'α',
    description: 'how far: 0 is the pre-trained model, 1 the fine-tuned one, or the mean of several',
  }),
})

export const wiseFt = {
  name: 'wise-ft',
  kind: 'averages',
  title: 'WiSE-FT',
  paper: {
    authors: 'Wortsman et al.',
    title: 'Robust Fine-Tuning of Zero-Shot Models',
    where: 'CVPR',
    year: 2022,
  },
  normalizes: () => true,
  sentence: 'Goes from the pre-trained model towards the fine-tuned one, in a straight line',
  when: 'For one model whose fine-tuning cost it some of its generality',
  costs: 'One pass over the files, a tensor at a time',
  equation: 'θ = (1 − α) θ_pre + α θ_ft',
  parameters,
  presets: { 'as the paper': { parameters: { alpha: 0.5 } } },
  needs: { base: true, least: 1 },
  coefficient: 1,
  weights: 'own',
  shares: ({ alpha }, weights) => parts(weights).map((part) => alpha * part),
  gives: () => 'one',
} as const satisfies MergeCard<typeof parameters>
