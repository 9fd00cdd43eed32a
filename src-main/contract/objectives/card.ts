// What an objective says of itself, once, for every side: the configuration's choices and checks, the form, the
// terminal's help, the JSON Schema and its page in the window are made of its card. The loss of one image, with its
// derivative, is one of the engine's (engine/learning/losses), which it names.
import type { Described } from '../paper.ts'

export interface ObjectiveCard extends Described {
  readonly loss: string // that steps go down
  readonly judge?: string // the loss that states are judged by, where that is another
  /** rho of its sharpness-aware steps. */
  readonly sharpness?: number
  /** It learns without labels: where a task's learning data is its test data, labels are not even there. */
  readonly unlabelled?: true
  /** Steps learn from other views of their images than those they are judged by: larger crops, and flips. */
  readonly strongViews?: true
  /** It chooses among the images of a step, to adapt to a task: it needs batches, and can make nothing forgotten. */
  readonly adapts?: true
  /** What it learns from stays what the pre-trained model says of the images. */
  readonly trustsPretrained?: true
  /** Fields of a run that only some objectives read. */
  readonly reads?: readonly string[]
}
