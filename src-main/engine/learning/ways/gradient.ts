// Down the gradient: every coefficient of the problem's table from the initial value of the settings, by AdamW on the
// objective (learn.ts). One of a vector and a block: lambda_t,b, or of a difference vector alone: lambda_b.

import { filled } from '../../../numbers/table.ts'
import { learn } from '../learn.ts'
import { lengthOf } from '../stage.ts'
import type { Way } from '../way.ts'

export const gradient: Way = {
  name: 'gradient',
  measuresLast: true,
  length: lengthOf,
  learn: (stage, { still }) => {
    const { vectors, groups } = stage.problem
    const all = (value: number) => filled(vectors.length, groups.length, value)
    return learn(stage, all(stage.settings.initialCoefficient), still === undefined ? undefined : all(still))
  },
}
