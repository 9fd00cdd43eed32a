// The objectives a run can minimise. To add one whose loss there is: one page, its card, and one line in this list; a
// new loss is one page and one line more, in engine/learning/losses. What follows by itself: the configuration's choices
// and checks, the JSON Schema, the form and the objective's page beside it, "basil methods", and the gradient suite.
import { crossEntropy } from './cross-entropy.ts'
import { entropy } from './entropy.ts'
import { sar } from './sar.ts'
import { ufm } from './ufm.ts'

export const objectives = [crossEntropy, entropy, sar, ufm] as const
