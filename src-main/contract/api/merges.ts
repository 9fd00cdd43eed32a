// Merges without a run as a window asks for them: models by their rows in the library, never by path. The plan reads
// headers only; what is started is a job of the queue.
import { oc } from '@orpc/contract'
import { z } from 'zod'

import { formSchema } from '../checkpoint.ts'
import { errorSchema } from '../errors.ts'
import { mergePlanSchema } from '../merges/plan.ts'
import { weightSchema } from '../merges/valued.ts'

const id = z.number().int()

/** Where the model goes: the data folder's exports, where the system's dialog says, or beside this row's file. */
const placeSchema = z.union([z.enum(['exports', 'dialog']), id])

export const mergeAskedSchema = z.object({
  method: z.string().max(100),
  parameters: z.record(z.string(), z.unknown()),
  pretrained: id.nullable(), // null: the merge needs none
  vectors: z.array(id).max(64),
  coefficients: z.union([z.number(), z.array(z.number()).max(1000)]).optional(), // one for all vectors, or for each
  weights: z.array(weightSchema).max(64).optional(),
  missing: z.literal('base').optional(),
  form: formSchema,
  name: z.string().max(200), // of what is written; "": by the method
  place: placeSchema,
})
export type MergeAsked = z.infer<typeof mergeAskedSchema>

const plannedSchema = z.object({
  recipe: z.string(), // "0.3 TIES of 3"
  steps: z.string(), // "TIES (density 0.2, ...)"
  out: z.string(), // by the dialog's leave
  taken: errorSchema.nullable(), // why it cannot have that name
  plan: mergePlanSchema,
})
export type MergePlanned = z.infer<typeof plannedSchema>

export const mergesApi = {
  /** What is in its way is the error; reads headers only. */
  plan: oc
    .input(mergeAskedSchema)
    .output(z.object({ error: errorSchema.nullable(), planned: plannedSchema.nullable() })),
  /** null: the person closed the dialog. */
  start: oc.input(mergeAskedSchema).output(z.object({ job: z.number() }).nullable()),
}
