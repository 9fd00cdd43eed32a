// Nothing is learned: every coefficient is 1, the model of the vectors as they are, or the one that was said, and is
// looked at once.

import { filled } from '../../../numbers/table.ts'
import { learn } from '../learn.ts'
import type { Way } from '../way.ts'

export const asItIs: Way = {
  name: 'as-it-is',
  measuresLast: true,
  length: () => ({ steps: 0, stepsPerEpoch: 1, epochs: 0 }),
  learn: (stage, { takesCoefficient = false }) =>
    learn(
      { ...stage, settings: { ...stage.settings, steps: 0, epochs: null } },
      filled(
        stage.problem.vectors.length,
        stage.problem.groups.length,
        takesCoefficient ? stage.settings.initialCoefficient : 1,
      ),
    ),
}
