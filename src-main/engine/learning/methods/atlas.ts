// aTLAS (Zhang et al., NeurIPS 2024): theta_b = theta_pre,b + sum_t lambda_t,b tau_t,b, one coefficient for every
// vector and block, learned from their initial value (0: the pre-trained model) on the objective.

import { filled } from '../../../numbers/table.ts'
import { learn } from '../learn.ts'
import type { Method } from '../method.ts'
import { lengthOf } from '../stage.ts'

export const atlas: Method = {
  name: 'atlas',
  measuresLast: true,
  length: lengthOf,
  learn: (stage) =>
    learn(stage, filled(stage.problem.vectors.length, stage.problem.groups.length, stage.settings.initialCoefficient)),
}
