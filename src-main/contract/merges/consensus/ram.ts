// RAM: what one model alone changed stays, what several changed is their mean. RAM+: the former is scaled up.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'

const parameters = z.strictObject({
  epsilon: z
    .number()
    .min(0)
    .default(1e-5)
    .meta({ title: 'Epsilon', symbol: 'ε', description: 'magnitude above which an element counts as changed' }),

  r: z.number().min(0).default(0).meta({
    title: 'R',
    symbol: 'r',
    description: 'how much elements that only one model changed are scaled up; 0 is RAM, 0.1 RAM+',
  }),

  alpha: z.number().min(0).default(0.2).meta({
    title: 'Alpha',
    symbol: 'α',
    description: 'most of the ratio of shared to own elements that counts for that',
  }),
})

export const ram = {
  name: 'ram',
  kind: 'consensus',
  title: 'RAM',
  paper: {
    authors: 'Yuan et al.',
    title: 'Behavior Knowledge Merge in Reinforced Agentic Models',
    where: 'ACL',
    year: 2026,
  },
  sentence: 'Keeps what one model alone changed, and takes the mean of what several changed',
  when: 'For models that each changed a part of their own, such as those trained by reinforcement',
  costs: 'One pass over the files, a tensor at a time',
  equation: 'τ_i = (1 + r min(ρ_t, α)) τ_t,i where only t changed it, else the mean of those that did',
  parameters,
  presets: {
    'as mergekit': { parameters: { r: 0 } },
    'as mergekit, ramplus_tl': { parameters: { r: 0.1, alpha: 0.2 } },
  },
  needs: { base: true, least: 1 },
  coefficient: 1,
  weights: 'own',
  gives: () => 'one',
} as const satisfies MergeCard<typeof parameters>
