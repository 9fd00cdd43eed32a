// Data sets as a window sees them, and what the reading process tells of them. A row is a folder or a file that the
// person added; what it is follows from what lies there. Rows are never lost: data that is gone or cannot be read is a
// marked row with its reason.
import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'

import { leftOutSchema } from '../data/left-out.ts'
import { splitManifestSchema } from '../data/manifest.ts'
import { errorSchema } from '../errors.ts'
import { progressSchema } from '../run/run.ts'
import { told } from '../wire/told.ts'

const dataStates = ['present', 'missing', 'unreadable'] as const

/** Which images a split is, by labels and lists alone: no image has been looked at. */
const drawnSplitSchema = z.object({
  name: z.string(), // as a configuration names it behind "#", options included
  of: z.string(), // the split on disk that they are from
  drawn: z.string(), // how, in words; "" where all of it is taken
  count: z.number(),
  perClass: z.array(z.number()),
  indices: z.string(), // SHA-256 of their positions in the split on disk, int64 little-endian, in their order
  leftOut: z.array(leftOutSchema).optional(), // what lies in a split of the disk like an image and is none of it
})
export type DrawnSplit = z.infer<typeof drawnSplitSchema>

export const dataFactsSchema = z.object({
  source: z.string(), // its kind, in words
  known: z.string().nullable(), // the field's name for it
  classes: z.array(z.string()).nullable(), // in label order, where something names them
  splits: z.array(drawnSplitSchema), // as they lie on disk
  // field-train, field-val and field-test, as far as there is what they are drawn from
  field: z.array(drawnSplitSchema),
  bytes: z.number(),
  files: z.number(),
})
export type DataFacts = z.infer<typeof dataFactsSchema>

/**
 * A split whose images were all looked at once: how many there are, what was skipped and why, and that they are kept.
 */
export const preparedSplitSchema = splitManifestSchema.omit({ task: true, split: true })
export type PreparedSplit = z.infer<typeof preparedSplitSchema>

const imageNameSchema = z.object({ name: z.string(), label: z.number() })
const twinSchema = z.object({ here: imageNameSchema, there: imageNameSchema, distance: z.number(), exact: z.boolean() })
export const mostTwins = 500 // of a pair of splits, named in a report

/**
 * Images of one split that are in another too: exactly, by their preprocessed pixels, or to the eye, by perceptual
 * hashes.
 */
export const leakReportSchema = z.object({
  size: z.number(), // of the preprocessed images
  splits: z.array(preparedSplitSchema),
  pairs: z.array(
    z.object({
      here: z.string(), // splits; counted are images of this one
      there: z.string(),
      exact: z.number(),
      alike: z.number(), // beside the exact ones
      twins: z.array(twinSchema), // the first of them, exact ones before
    }),
  ),
})
export type LeakReport = z.infer<typeof leakReportSchema>

const previewSchema = z.object({
  name: z.string(),
  label: z.number(),
  picture: z.string().nullable(), // a WebP image as a data address
  reason: z.string().nullable(), // why there is none
})
export type Preview = z.infer<typeof previewSchema>
export const previewsSchema = z.object({ total: z.number(), images: z.array(previewSchema) })
export type Previews = z.infer<typeof previewsSchema>

const foundDataSchema = z.object({ paths: z.array(z.string()), refused: z.array(errorSchema) })

const split = z
  .string()
  .max(300)
  .regex(/^[^#/\\]+$/) // with options: "field-val?shots=16&seed=0"
const size = z.number().int().min(8).max(1024)
const page = z.object({
  label: z.number().int().min(0).nullable(),
  from: z.number().int().min(0),
  count: z.number().int().min(1).max(60),
})
const names = z.array(z.string()).min(1).max(60)

/** Which images to show: a page of a split, or those named. */
const wantedSchema = z.union([page, z.object({ names })])
export type WantedPreviews = z.infer<typeof wantedSchema>

const images = z.object({ images: z.string() }) // PATH#SPLIT?OPTIONS
const counted = z.object({
  path: z.string(),
  splits: z.array(z.object({ name: z.string(), count: z.number() })).min(1),
  size,
  home: z.string(),
})
export type ImagesToPrepare = z.infer<typeof counted>

const namedDataSchema = z.object({ name: z.string(), path: z.string() })
export type NamedData = z.infer<typeof namedDataSchema> // name: of one of the field's data sets

/**
 * The engine's process does these, in one that only reads. home: the data folder, whose cache keeps preprocessed
 * images.
 */
export const readingDataContract = {
  /** The path itself if it is a data set, else those directly in it. */
  find: oc.input(z.object({ path: z.string() })).output(told(foundDataSchema)),
  /** Which of the field's data sets lie at folders or directly in them; the first of a name counts. */
  named: oc.input(z.object({ folders: z.array(z.string()) })).output(told(z.array(namedDataSchema))),
  look: oc.input(z.object({ path: z.string() })).output(told(dataFactsSchema)),
  draw: oc.input(images).output(told(drawnSplitSchema)),
  previews: oc.input(images.extend({ wanted: wantedSchema })).output(told(previewsSchema)),
  prepare: oc.input(counted).output(told(z.array(preparedSplitSchema))),
  leaks: oc.input(counted).output(told(leakReportSchema)),
}

const splitCount = z.object({ name: z.string(), count: z.number() })

const dataSetSchema = z.object({
  id: z.number(),
  path: z.string(),
  name: z.string(), // the field's, else the folder's
  known: z.boolean(), // the field's name is known
  source: z.string().nullable(), // null, as what follows: not read yet, or never readable
  splits: z.array(splitCount),
  field: z.array(splitCount),
  classes: z.number().nullable(),
  bytes: z.number().nullable(),
  state: z.enum(dataStates),
  error: errorSchema.nullable(), // why it is missing or unreadable
  added: z.string(),
  leaked: z.number().nullable(), // images of the leak report; null: none was made
  unreadable: z.number().nullable(), // images; null: they were not looked at
  leftOut: z.array(leftOutSchema.extend({ split: z.string() })), // of the splits on disk
})
export type DataSet = z.infer<typeof dataSetSchema>

const shownSchema = dataSetSchema.extend({
  facts: dataFactsSchema.nullable(),
  prepared: z.array(preparedSplitSchema), // the newest of each split
  leaks: leakReportSchema.extend({ made: z.string() }).nullable(),
})
export type ShownData = z.infer<typeof shownSchema>

const addedSchema = z.object({ added: z.array(z.number()), known: z.array(z.number()), refused: z.array(errorSchema) })
export type AddedData = z.infer<typeof addedSchema>

const workSchema = progressSchema.pick({ what: true, done: true, total: true }).nullable()
export type DataWork = z.infer<typeof workSchema>

const one = z.object({ id: z.number().int() })

export const dataApi = {
  list: oc.output(z.array(dataSetSchema)),
  /**
   * Tells when to ask again, at most ten times a second; reading: how many rows are still to be read; work: of a folder
   * that is searched.
   */
  watch: oc.output(eventIterator(z.object({ version: z.number(), reading: z.number(), work: workSchema }))),
  /**
   * Folders or files; of a folder that is none itself, the data sets in it. Rows are there when this returns, their
   * content is read after. Whoever leaves the call ends it; what was found by then stays.
   */
  add: oc.input(z.object({ paths: z.array(z.string().min(1).max(4096)).min(1).max(1000) })).output(addedSchema),
  /** Electron's own dialog; null when the person closes it. */
  pick: oc.input(z.object({ kind: z.enum(['files', 'folder']) })).output(addedSchema.nullable()),
  /** Rows go, files stay. */
  forget: oc.input(z.object({ ids: z.array(z.number().int()).min(1) })).output(z.number()),
  /** Rows that the last forgetting took, as they were; how many. */
  bringBack: oc.input(z.object({ ids: z.array(z.number().int()).min(1) })).output(z.number()),
  /** Looks at everything again. */
  refresh: oc.output(z.boolean()),
  show: oc.input(one).output(shownSchema),
  draw: oc.input(one.extend({ split })).output(drawnSplitSchema),
  previews: oc.input(one.extend({ split, wanted: wantedSchema })).output(previewsSchema),
  /** Fills the cache of preprocessed images; closing the iterator ends it, what was prepared is kept. */
  prepare: oc
    .input(one.extend({ splits: z.array(split).min(1).max(64), size }))
    .output(told(z.array(preparedSplitSchema))),
  /** Of the splits of a data set against each other. */
  leaks: oc.input(one.extend({ size })).output(told(leakReportSchema)),
}
