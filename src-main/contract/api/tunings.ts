// Fine-tunings as a window sees them: asked for, one or a whole set, followed, and read.
import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'

import { formSchema } from '../checkpoint.ts'
import { errorSchema } from '../errors.ts'
import { tuningDetailSchema, tuningEventSchema, tuningPlanSchema, tuningSummarySchema } from '../tuning/tuning.ts'
import { deviceSchema } from './native.ts'

const one = z.object({ tuning: z.number().int() })
const issue = z.object({ field: z.string(), message: z.string() })

/** target: a new file, or of the field's convention a folder, that a page chose; else among the data folder's models. */
const output = {
  target: z.string().max(4096).optional(),
  form: formSchema.prefault({}),
  convention: z.boolean().default(false),
}

/** As in a configuration; the rest of it is the template's. */
const task = z.object({
  name: z.string(),
  data: z.string(),
  validation: z.string().optional(),
  test: z.string().optional(),
  head: z.string(),
})

export const tuningsApi = {
  /** Field by field, then by reading headers: what is wrong, or what it would take. */
  check: oc
    .input(z.object({ grant: z.string(), config: z.unknown() }))
    .output(z.object({ issues: z.array(issue), error: errorSchema.nullable(), plan: tuningPlanSchema.nullable() })),
  /** Checked at once; begins when its turn comes in the queue. */
  start: oc.input(z.object({ grant: z.string(), config: z.unknown(), ...output })).output(one),
  /**
   * One fine-tuning for each task, in this order, all of them or none. Where the kind looks at other tasks and the
   * template names none, they are the others of the set.
   */
  startSet: oc
    .input(
      z.object({
        grant: z.string(),
        template: z.record(z.string(), z.unknown()),
        tasks: z.array(task).min(1).max(64),
        ...output,
      }),
    )
    .output(z.object({ tunings: z.array(z.number().int()) })),
  /** Newest first. */
  list: oc.output(z.array(tuningSummarySchema)),
  show: oc.input(one).output(tuningDetailSchema),
  /** Events from now on; at most ten progress events a second. Ends when it ends. */
  watch: oc.input(one).output(eventIterator(tuningEventSchema)),
  /** What there is by now becomes the model. */
  stop: oc.input(one).output(z.boolean()),
  /** After its next state, or where `now` at once. */
  pause: oc.input(one.extend({ now: z.boolean().default(false) })).output(z.boolean()),
  cancel: oc.input(one).output(z.boolean()), // also one that waits
  /** From its last state. device: for this sitting alone, whatever was chosen. */
  resume: oc.input(one.extend({ device: deviceSchema.optional() })).output(one),
  /** With its states; its model stays. */
  forget: oc.input(one).output(z.boolean()),
}
