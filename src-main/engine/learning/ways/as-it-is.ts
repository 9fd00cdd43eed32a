// Nothing is learned: every coefficient is 1, the model of the vectors as they are, and is looked at once.

import { filled } from '../../../numbers/table.ts'
import { learn } from '../learn.ts'
import type { Way } from '../way.ts'

export const asItIs: Way = {
  name: 'as-it-is',
  measuresLast: true,
  length: () => ({ steps: 0, stepsPerEpoch: 1, epochs: 0 }),
  learn: (stage) =>
    learn(
      { ...stage, settings: { ...stage.settings, steps: 0, epochs: null } },
      filled(stage.problem.vectors.length, stage.problem.groups.length, 1),
    ),
}
