// One iteration of DV-BASI ("Escaping Optimization Stagnation", AAAI 2026). From the present optimum theta* the
// difference vector delta = theta* - theta_pre is a direction of its own; scaled block by block,
//   theta(lambda) = theta* + Lambda delta,   Lambda = blockdiag(lambda_b I),
// lambda is learned from its initial value (0.1) on the same objective. "No change", lambda = 0, stays a candidate:
// only what beats it is accepted. The problem given here is already the one seen from theta* (fromDifferenceVector).

import { filled } from '../../../numbers/table.ts'
import { learn } from '../learn.ts'
import type { Method } from '../method.ts'
import { lengthOf } from '../stage.ts'

export const dvBasi: Method = {
  name: 'dv-basi',
  measuresLast: true,
  length: lengthOf,
  learn: (stage) => {
    const groups = stage.problem.groups.length
    return learn(stage, filled(1, groups, stage.settings.initialCoefficient), filled(1, groups, 0))
  },
}
