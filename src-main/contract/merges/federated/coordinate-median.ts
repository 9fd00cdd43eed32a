// Coordinate-wise median: of each element the middle of the task vectors.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'

const parameters = z.strictObject({})

export const coordinateMedian = {
  name: 'coordinate-median',
  kind: 'federated',
  title: 'Coordinate median',
  paper: {
    authors: 'Yin et al.',
    title: 'Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates',
    where: 'ICML',
    year: 2018,
  },
  sentence: 'Takes of each element the median of the task vectors',
  when: 'When one of several models may be broken or far off',
  costs: 'One pass over the files, a tensor at a time',
  equation: 'τ_i = median_t τ_t,i',
  parameters,
  needs: { base: true, least: 1 },
  coefficient: 1,
  gives: () => 'one',
} as const satisfies MergeCard<typeof parameters>
