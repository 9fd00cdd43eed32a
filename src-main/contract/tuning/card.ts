// What a kind of fine-tuning says of itself, once, for every side: the configuration's fields and defaults, the form,
// the terminal's help and its page in the window are made of its card. What it computes stands on the page of its name
// in engine/tuning/kinds.
import type { z } from 'zod'

import type { Described } from '../paper.ts'

export interface TuningCard<F extends z.ZodRawShape = z.ZodRawShape> extends Described {
  /** Fields of its own, each with its default, its bounds, and as meta a title, a description and a symbol. */
  readonly fields: F
  /** Where its paper has another than the field's 1e-5 and 0.1. */
  readonly learningRate?: number
  readonly weightDecay?: number
  /** Whether it looks at other tasks' images, without their labels. */
  readonly others?: true
  /** Whether its vectors are of the tangent space, so that a merge of them is best used linearised. */
  readonly linear?: true | 'where asked'
}
