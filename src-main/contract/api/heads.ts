// Heads: what a file says of the heads in it, what the engine is asked to make of words, of the field's files or of
// labelled images, and what a window may ask for. A head is logits = s W u + b on a frozen tower's features
// (engine/problems/head.ts).
import { oc } from '@orpc/contract'
import { z } from 'zod'

import { exportedSchema } from '../run/recipe.ts'
import { progressSchema } from '../run/run.ts'
import { endOfText, saidFields } from '../tower.ts'
import { told } from '../wire/told.ts'

/** zero-shot: unit rows, no bias; linear probe: any rows and a bias. */
const headKinds = ['zero-shot', 'linear probe'] as const

const madeFrom = z.object({ name: z.string(), sha256: z.string() })

/** In a tensor file's metadata as "basil.head", as JSON: one of these, or a list where the file holds several heads. */
export const headRecordSchema = z.looseObject({
  name: z.string(), // the tensor is head.NAME
  kind: z.enum(headKinds).default('zero-shot'),
  scale: z.number().positive().default(100),
  normalised: z.boolean().default(true), // takes z / |z|
  classes: z.array(z.string()).nullable().default(null), // names in the order of the labels, where they are known
  model: z.string().nullable().default(null), // SHA-256 of the checkpoint whose features it takes
  from: madeFrom.optional(), // the imported file, or the labelled images it was fitted on
})
export type HeadRecord = z.infer<typeof headRecordSchema>

const names = z.array(z.string().min(1).max(500)).min(1).max(100_000)
const name = z.string().regex(/^[^#/\\\p{Cc}]{1,100}$/u, 'use a name without #, / and \\')
const textFields = { ...saidFields, endOfText: endOfText.nullable().default(null) }
const target = { out: z.string(), overwrite: z.boolean() }

export const headRequestSchema = z.object({
  model: z.string(), // a checkpoint with a text tower
  ...textFields,
  merges: z.string(), // the tokenizer's list, gzip-compressed
  name,
  classes: names, // in the order of the labels
  templates: z.array(z.string().includes('{}')).min(1), // "{}" is where a class's name goes
  ...target,
})
export type HeadRequest = z.infer<typeof headRequestSchema>

/** as: what the rows are where the file does not say; features: what a probe was trained on. */
const readingOfHead = z.object({ as: z.enum(['zero-shot', 'probe']), features: z.enum(['normalised', 'raw']) })

export const headImportSchema = readingOfHead.extend({
  heads: z.array(z.object({ file: z.string(), name })).min(1), // file: "head_CarsVal.pt", or "file#tensor"
  model: z.string().nullable(), // the checkpoint they belong to: its hash is noted
  ...target,
})
export type HeadImport = z.infer<typeof headImportSchema>

export const probeRequestSchema = z.object({
  model: z.string(),
  ...saidFields,
  data: z.string(), // "file#name", or of a data set "path#split"
  // null: a fifth of the data is held out to choose the strength, and learned on in the end
  validation: z.string().nullable(),
  name,
  classes: z.union([names, z.number().int().min(2).max(100_000)]),
  seed: z.number().int().min(0).default(0), // of the fifth
  ...target,
})
export type ProbeRequest = z.infer<typeof probeRequestSchema>

/**
 * A fit at one strength of the penalty (strength / 2) |W|^2, which stands beside the mean cross-entropy. Accuracies
 * between 0 and 1.
 */
const probeFitSchema = z.object({
  strength: z.number(),
  training: z.number(),
  validation: z.number(),
  steps: z.number(),
  converged: z.boolean(), // the gradient's norm fell below the tolerance
})
const probeReportSchema = z.object({
  fits: z.array(probeFitSchema),
  chosen: z.number(), // which of the fits
  images: z.object({ training: z.number(), validation: z.number() }),
  heldOut: z.boolean(), // the validation images were a part of the data, and the written head has learned on them too
})
export type ProbeReport = z.infer<typeof probeReportSchema>

const warned = { warnings: z.array(z.string()).optional() } // what may make the head wrong

export const headEventSchema = z.discriminatedUnion('type', [
  progressSchema,
  exportedSchema.extend({ type: z.literal('written'), ...warned }),
])
export type HeadEvent = z.infer<typeof headEventSchema>
export const probeEventSchema = z.discriminatedUnion('type', [
  progressSchema,
  exportedSchema.extend({ type: z.literal('written'), report: probeReportSchema, ...warned }),
])
export type ProbeEvent = z.infer<typeof probeEventSchema>

const id = z.number().int() // a row of the library
/** A data file of the library and the images' name in it, or a data set and its split. */
const images = z.union([
  z.object({ id, name: z.string().min(1).max(500) }),
  z.object({ dataSet: id, split: z.string().min(1).max(300) }),
])
export type ImagesHere = z.infer<typeof images>
const list = z.union([z.string().min(1).max(100), names]) // of a data set Basil knows, or the texts themselves
const sets = z.array(z.object({ name: z.string(), count: z.number() }))

const doneSchema = exportedSchema.extend({
  head: z.string(), // "file#head.NAME", as a configuration names it
  entry: z.number().nullable(), // its row in the library
  report: probeReportSchema.nullable(), // of a probe
  ...warned,
})
export type HeadDone = z.infer<typeof doneSchema>

/**
 * Heads are written to the data folder's heads, each in a file of its own, and added to the library. Closing an
 * iterator ends the work.
 */
export const headsApi = {
  /** The data sets whose class names or templates Basil knows. */
  prompts: oc.output(z.object({ classes: sets, templates: sets })),
  /** templates null: those of the classes' data set, "a photo of a {}." where the classes are texts. */
  make: oc
    .input(z.object({ model: id, ...textFields, classes: list, templates: list.nullable().default(null), name }))
    .output(told(doneSchema)),
  importHead: oc
    .input(
      z.object({
        id,
        name: name.optional(), // said by the file's name if not given
        as: readingOfHead.shape.as.default('zero-shot'),
        features: readingOfHead.shape.features.default('normalised'),
        model: id.nullable().default(null),
      }),
    )
    .output(told(doneSchema)),
  probe: oc
    .input(
      probeRequestSchema
        .omit({ out: true, overwrite: true })
        .extend({ model: id, data: images, validation: images.nullable().default(null) })
        .extend({ classes: z.union([list, z.number().int().min(2).max(100_000)]) }),
    )
    .output(told(doneSchema)),
}
