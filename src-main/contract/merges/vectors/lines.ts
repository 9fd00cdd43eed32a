// LiNeS: task vectors are scaled up with depth. It may follow another merge, as a step on what that gave.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'

const parameters = z.strictObject({
  alpha: z
    .number()
    .min(0)
    .default(1)
    .meta({ title: 'Alpha', symbol: 'α', description: 'of the first layer, divided by the number of vectors' }),

  beta: z.number().default(0.3).meta({ title: 'Beta', symbol: 'β', description: 'how much more the last layer has' }),
})

export const lines = {
  name: 'lines',
  kind: 'vectors',
  title: 'LiNeS',
  paper: {
    authors: 'Wang et al.',
    title: 'LiNeS: Post-training Layer Scaling Prevents Forgetting and Enhances Model Merging',
    where: 'ICLR',
    year: 2025,
  },
  sentence: 'Scales task vectors up with the depth of their layers',
  when: 'When merged models lose what their first layers knew: those are kept closer to the pre-trained one',
  costs: 'One pass over the files, a tensor at a time',
  equation: 'τ_l = (α / T + β l / (L − 1)) τ_l',
  parameters,
  presets: {
    'as the paper, one task': { parameters: { alpha: 0.5, beta: 0.5 } },
    'as the paper': { parameters: { alpha: 1, beta: 0.3 } },
  },
  needs: { base: true, least: 1 },
  coefficient: 1,
  gives: () => 'each',
} as const satisfies MergeCard<typeof parameters>
