// What a person chose of the window and is to find again after a restart: columns of a table, basic or expert, a draft.
// One JSON value a key; who reads a key checks its form (the renderer's state/remembered.svelte.ts).
import { oc } from '@orpc/contract'
import { z } from 'zod'

const longest = 256 * 1024 // characters of a value's JSON: a draft with hundreds of tasks

const keySchema = z.string().regex(/^[a-z][a-z0-9.-]{0,63}$/)
const valueSchema = z.json().refine((value) => JSON.stringify(value).length <= longest, 'too long to be remembered')

export const preferencesSchema = z.record(keySchema, valueSchema)
export type Preferences = z.infer<typeof preferencesSchema>

export const preferencesApi = {
  all: oc.output(preferencesSchema),
  /** null forgets the key. */
  keep: oc.input(z.object({ key: keySchema, value: valueSchema })).output(z.boolean()),
}
