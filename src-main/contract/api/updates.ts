// A newer version of the program: looked for where a person wants that, fetched where they say so, and put in place
// when the window closes. Nothing is asked of anybody before.
import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'

import { errorSchema } from '../errors.ts'

/** The choice to look by itself, once a day; kept with what the window remembers. Nothing kept is no. */
export const lookingKey = 'updates.look'

const updatesSchema = z.object({
  absent: z.string(), // why none can be looked for here; '' where one can
  step: z.enum(['idle', 'looking', 'newest', 'found', 'fetching', 'ready']),
  version: z.string(), // of what was found
  bytes: z.number(),
  done: z.number(), // of these bytes
  looked: z.string().nullable(), // when, for the last time since the start
  error: errorSchema.nullable(), // of the last step
})
export type UpdatesShown = z.infer<typeof updatesSchema>

export const updatesApi = {
  show: oc.output(updatesSchema),
  watch: oc.output(eventIterator(updatesSchema)),
  look: oc.output(updatesSchema),
  /** Fetched and checked; it is put in place when Basil closes. */
  fetch: oc.output(updatesSchema),
}
