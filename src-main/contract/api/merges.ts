// Merges without a run as a window asks for them: models by their rows in the library, never by path. The plan reads
// headers only; what is started is a job of the queue.
import { oc } from '@orpc/contract'
import { z } from 'zod'

import { basesRequestSchema } from '../bases.ts'
import { formSchema, writtenDtypes } from '../checkpoint.ts'
import { errorSchema } from '../errors.ts'
import { extractionSchema } from '../extraction.ts'
import { mergePlanSchema } from '../merges/plan.ts'
import { weightSchema } from '../merges/valued.ts'
import { searchAskedSchema, searchShownSchema } from './searches.ts'

const id = z.number().int()

/**
 * Where the model goes: the data folder's exports, where the system's dialog says, beside this row's file, or into a
 * folder that a browser's page chose.
 */
const placeSchema = z.union([z.enum(['exports', 'dialog']), id, z.object({ folder: z.string().min(1).max(4096) })])

/** Of one model's own task: images of a data set, and the head that its features meet. */
const lookedAtSchema = z.object({ dataSet: id, split: z.string().min(1).max(300), head: id.nullable() })
export type LookedAt = z.infer<typeof lookedAtSchema>

export const mergeAskedSchema = z.object({
  method: z.string().max(100),
  parameters: z.record(z.string(), z.unknown()),
  pretrained: id.nullable(), // null: the merge needs none
  vectors: z.array(id).max(64),
  coefficients: z.union([z.number(), z.array(z.number()).max(1000)]).optional(), // one for all vectors, or for each
  weights: z.array(weightSchema).max(64).optional(),
  missing: z.literal('base').optional(),
  tokenizer: z.union([z.enum(['base', 'union']), id]).optional(), // whose tokens; not given: rows by their numbers
  images: z.array(lookedAtSchema).max(64).optional(), // for each vector, of a merge that looks at them
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
  freeBytes: z.number().nullable(), // where it is written; null: not known, or the system's dialog will say where
  // at most; null: it looks at no images
  looking: z.object({ images: z.number(), bytes: z.number(), seconds: z.number().nullable() }).nullable(),
})
export type MergePlanned = z.infer<typeof plannedSchema>

const adapterSchema = z.object({
  pretrained: id,
  finetuned: id,
  ...extractionSchema.pick({ rank: true, modules: true, layout: true, dtype: true, saveRest: true }).shape,
})
export type AdapterAsked = z.infer<typeof adapterSchema>

const basesSchema = z.object({
  pretrained: id,
  vectors: z.array(id).min(2).max(64),
  parameters: basesRequestSchema.shape.parameters,
})
export type BasesAsked = z.infer<typeof basesSchema>

/** A recipe as the form for merges has it. */
const takenSchema = z.object({
  method: z.string(),
  parameters: z.record(z.string(), z.unknown()),
  pretrained: id.nullable(),
  vectors: z.array(id),
  coefficients: z.array(z.number()).nullable(), // of the vectors that it gives; null: it gives a whole model
  weights: z.array(weightSchema).nullable(),
  missing: z.boolean(),
  tokenizer: z.union([z.enum(['base', 'union']), id]).nullable(),
})
export type Taken = z.infer<typeof takenSchema>

const fieldSchema = z.object({
  field: z.string(), // "models.0.parameters.weight"
  value: z.string(),
  as: z.string(), // what it is here, or why it is nothing
  state: z.enum(['taken', 'without effect', 'only as written']),
})
export type MergekitField = z.infer<typeof fieldSchema>

const mergekitSchema = z.object({
  taken: takenSchema,
  dtype: z.enum(writtenDtypes).nullable(),
  isFolder: z.boolean(), // its models are folders, as what it writes would be
  isWhole: z.boolean(), // else some of it holds only where it is merged as it is written
  fields: z.array(fieldSchema),
})
export type MergekitOpened = z.infer<typeof mergekitSchema>

/** By its path, or dropped, without one. */
const mergekitSource = z.union([
  z.object({ path: z.string().min(1).max(4096) }),
  z.object({ name: z.string().max(255), text: z.string().max(2 ** 20) }),
])
export type MergekitSource = z.infer<typeof mergekitSource>

const begun = z.object({ job: z.number() })

export const mergesApi = {
  /** What is in its way is the error; reads headers only. */
  plan: oc
    .input(mergeAskedSchema)
    .output(z.object({ error: errorSchema.nullable(), planned: plannedSchema.nullable() })),
  /** null: the person closed the dialog. */
  start: oc.input(mergeAskedSchema).output(begun.nullable()),
  /** What fine-tuning changed as a LoRA, in a folder of the data folder's exports. */
  adapter: oc.input(adapterSchema).output(begun),
  /** Fewer vectors than there are models, each as a model, in a folder there. */
  bases: oc.input(basesSchema).output(begun),
  /** A job that scores one merge after the other, and writes the best. */
  search: oc.input(z.object({ merge: mergeAskedSchema, search: searchAskedSchema })).output(begun),
  /** What of a search is known by now. */
  searched: oc.input(begun).output(searchShownSchema),
  /** The best of a search as a draft. */
  best: oc.input(begun).output(takenSchema),
  /** A recipe of mergekit's as a draft; its models become rows of the library. */
  openMergekit: oc.input(z.object({ source: mergekitSource })).output(mergekitSchema),
  /** As it is written, into the data folder's exports. */
  startMergekit: oc.input(z.object({ source: mergekitSource, form: formSchema })).output(begun),
}
