// AdaMerging (Yang et al., ICLR 2024): theta_b = theta_pre,b + sum_t lambda_t,b tau_t,b from lambda = 0.3, by Adam (lr
// 1e-3, no decay) on the entropy of unlabelled images, lambda clamped to [0, 1]. Task-wise: one group in all (blocks
// "scalar"); layer-wise, as its authors call it: one a tensor. "++": the vectors trimmed to their largest 20 % with
// elected signs first (trim 0.2, weights/ties.ts). Its settings are the method's defaults (contract/run/resolve.ts);
// the loop is the one of aTLAS.

import { filled } from '../../../numbers/table.ts'
import { learn } from '../learn.ts'
import type { Method } from '../method.ts'
import { lengthOf } from '../stage.ts'

export const adaMerging: Method = {
  name: 'adamerging',
  measuresLast: true,
  length: lengthOf,
  learn: (stage) =>
    learn(stage, filled(stage.problem.vectors.length, stage.problem.groups.length, stage.settings.initialCoefficient)),
}
