// Task arithmetic: the task vectors as they are, each with its coefficient. It is what every model is put together by,
// whatever steps its vectors came through.
import { z } from 'zod'

import type { MergeCard } from '../card.ts'

const parameters = z.strictObject({})

export const taskArithmetic = {
  name: 'task-arithmetic',
  kind: 'vectors',
  title: 'Task arithmetic',
  paper: { authors: 'Ilharco et al.', title: 'Editing Models with Task Arithmetic', where: 'ICLR', year: 2023 },
  sentence: 'Adds the task vectors, each times its coefficient',
  when: 'Begin here: few models of one pre-trained model that do not conflict much',
  costs: 'One pass over the files, a tensor at a time',
  equation: 'θ = θ_pre + Σ_t λ_t τ_t',
  parameters,
  presets: {
    'as mergekit': { parameters: {}, coefficient: 1 },
    'as fusion_bench': { parameters: {}, coefficient: 0.3 },
  },
  needs: { base: true, least: 1 },
  coefficient: 0.3,
  weights: 'coefficients',
  plain: true,
  gives: () => 'each',
} as const satisfies MergeCard<typeof parameters>
