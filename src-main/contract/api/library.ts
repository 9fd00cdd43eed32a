// The library of checkpoints as a window sees it. A row is a place where a checkpoint lies (a file, or an index with
// its shards); what it is follows from its content. Rows are never lost: a file that is gone or cannot be read is a
// marked row with its reason.
import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'

import { runIdSchema, sha256Schema } from '../branded.ts'
import {
  architectureSchema,
  compatibilitySchema,
  differenceSchema,
  formSchema,
  layouts,
  roles,
  statisticsSchema,
  tensorPartSchema,
  tensorSchema,
  tensorValuesSchema,
} from '../checkpoint.ts'
import { errorSchema } from '../errors.ts'
import { mergeReportSchema, spectraChoices } from '../merges/report.ts'
import { stepSchema } from '../merges/step.ts'
import { verifiedSchema } from '../merges/verify.ts'
import { exportedSchema, recipeSchema } from '../run/recipe.ts'
import { towersSchema } from '../tower.ts'
import { told } from '../wire/told.ts'

// changed: another content than was hashed; it is being read anew
const fileStates = ['present', 'missing', 'unreadable', 'changed'] as const

export const entrySchema = z.object({
  id: z.number(),
  path: z.string(),
  name: z.string(), // as shown: the file's, with its folder where the name alone says nothing ("MNISTVal/finetuned.pt")
  bytes: z.number(),
  modified: z.string(), // ISO 8601, UTC
  added: z.string(),
  state: z.enum(fileStates),
  error: errorSchema.nullable(), // why it is missing or unreadable
  sha256: sha256Schema.nullable(), // null until the hash in the background has come to it
  format: z.string().nullable(), // null, as what follows: not read yet, or unreadable
  layout: z.enum(layouts).nullable(),
  architecture: architectureSchema.nullable(),
  towers: towersSchema.optional(),
  warnings: z.array(z.string()).optional(), // what may make every number of it wrong
  dtype: z.string().nullable(),
  tensors: z.number().nullable(),
  blocks: z.number().nullable(),
  parameters: z.number().nullable(),
  role: z.enum(roles), // the person's word, else what the file or its folder says
  roleGiven: z.boolean(),
  dataset: z.string().nullable(), // "MNIST", by the field's folders
  tags: z.array(z.string()),
  notes: z.string(),
  twins: z.array(z.number()), // other rows with the same content
  runs: z.number(), // that used this content
})
export type Entry = z.infer<typeof entrySchema>

/**
 * A folder in the field's convention: {model}/{DS}Val/{zeroshot,finetuned}.pt or {model}/{DS}/finetuned.pt,
 * head_{DS}.pt, *_accuracies.json.
 */
const setSchema = z.object({
  folder: z.string(),
  model: z.string(), // "ViT-B-32", the folder's name
  pretrained: z.number().nullable(), // ids
  finetuned: z.array(z.object({ dataset: z.string(), id: z.number(), linear: z.boolean() })),
  heads: z.array(z.object({ dataset: z.string(), id: z.number() })),
  /** Accuracies between 0 and 1 as the files beside say, test (DS) and validation (DSVal) kept apart. */
  accuracies: z.array(
    z.object({
      dataset: z.string(),
      split: z.enum(['test', 'validation']),
      model: z.enum(['pre-trained', 'fine-tuned']),
      linear: z.boolean(), // of the linearised models
      accuracy: z.number(),
    }),
  ),
  findings: z.array(errorSchema), // what is wrong with those files
})
export type CheckpointSet = z.infer<typeof setSchema>

/** What the library is doing; null: nothing. */
const workSchema = z
  .object({ what: z.enum(['looking', 'reading', 'hashing']), done: z.number(), total: z.number() })
  .nullable()
export type LibraryWork = z.infer<typeof workSchema>

const listedSchema = z.object({ entries: z.array(entrySchema), sets: z.array(setSchema), work: workSchema })
export type Listed = z.infer<typeof listedSchema>

const lineageSchema = z.object({
  made: z
    .object({
      run: runIdSchema.nullable(),
      name: z.string(),
      method: z.string(),
      iteration: z.number(),
      steps: z.array(stepSchema), // what its vectors came through
      // of each of them after that
      coefficients: z.array(z.object({ name: z.string(), smallest: z.number(), largest: z.number() })),
    })
    .nullable(), // of a file Basil wrote
  // id: where the library has it
  parents: z.array(z.object({ role: z.string(), name: z.string(), sha256: sha256Schema, id: z.number().nullable() })),
  usedBy: z.array(z.object({ run: runIdSchema, name: z.string(), role: z.string() })),
  // rows that Basil made of it: a run's export, or a merge
  partOf: z.array(
    z.object({
      id: z.number(),
      name: z.string(),
      role: z.enum(['pretrained', 'vector']),
      run: runIdSchema.nullable(),
      method: z.string(),
    }),
  ),
})

const shownSchema = entrySchema.extend({
  list: z.array(tensorSchema),
  metadata: z.record(z.string(), z.string()),
  lineage: lineageSchema,
  measured: z.number().nullable(), // bytes of its values' statistics that are kept; null: not measured yet
})
export type Shown = z.infer<typeof shownSchema>

const addedSchema = z.object({
  added: z.array(z.number()),
  known: z.array(z.number()), // already there
  refused: z.array(errorSchema), // a path that is not there or cannot be looked at
})
export type Added = z.infer<typeof addedSchema>

const writtenSchema = exportedSchema.extend({ download: z.string().nullable() })
const one = z.object({ id: z.number().int() })
const tag = z.string().min(1).max(60)
const describedSchema = one.extend({
  role: z.enum(roles).nullable().optional(),
  tags: z.array(tag).max(50).optional(),
  notes: z.string().max(20_000).optional(),
})
export type Described = z.infer<typeof describedSchema>
const taggingSchema = z.object({
  ids: z.array(z.number().int()).min(1).max(100_000),
  add: z.array(tag).max(50).default([]),
  remove: z.array(tag).max(50).default([]),
})
export type Tagging = z.infer<typeof taggingSchema>

/** What a folder's second look found; ids, and where a row's file was before. */
const scannedSchema = z.object({
  added: z.array(z.number()),
  missing: z.array(z.number()), // that were there before
  back: z.array(z.number()),
  changed: z.array(z.number()),
  moved: z.array(z.object({ id: z.number(), from: z.string() })),
  refused: z.array(errorSchema),
})
export type ScannedAgain = z.infer<typeof scannedSchema>

const paths = z.array(z.string().min(1).max(4096)).min(1).max(10_000)

/** A recipe found in a file: its parents as far as they are at hand, and its run where this history has it. */
const reopenedSchema = z.object({
  recipe: recipeSchema,
  parents: z.array(
    z.object({
      role: z.enum(['pretrained', 'vector']),
      name: z.string(),
      sha256: sha256Schema,
      file: z.string().nullable(),
      entry: z.number().nullable(),
    }),
  ),
  run: runIdSchema.nullable(),
})
export type Reopened = z.infer<typeof reopenedSchema>

export const libraryApi = {
  list: oc.output(listedSchema),
  /** Tells when to ask again, at most ten times a second; the first comes at once. */
  watch: oc.output(eventIterator(z.object({ version: z.number(), work: workSchema }))),
  /**
   * Files or folders, which are walked; rows are there when this returns, what is in them is read and hashed in the
   * background.
   */
  add: oc.input(z.object({ paths })).output(addedSchema),
  /** Electron's own dialog; null when the person closes it. */
  pick: oc.input(z.object({ kind: z.enum(['files', 'folder']) })).output(addedSchema.nullable()),
  /**
   * Which row a dropped file is, where the page cannot know its path: by size, time (ms) and the SHA-256 of its first
   * and last 64 KiB, of a shorter file twice all of it.
   */
  find: oc
    .input(z.object({ bytes: z.number(), modified: z.number(), quick: z.string() }))
    .output(z.object({ id: z.number().nullable() })),
  /** Rows go, files stay. Their runs keep hash and name. */
  forget: oc.input(z.object({ ids: z.array(z.number().int()).min(1) })).output(z.number()),
  /** Rows that the last forgetting took, with tags, notes and hashes, unread; how many. */
  bringBack: oc.input(z.object({ ids: z.array(z.number().int()).min(1) })).output(z.number()),
  /** Gives the rows that have other tags now. */
  tag: oc.input(taggingSchema).output(z.array(z.number())),
  /** Walks a folder once more and looks at every file. */
  scanAgain: oc.input(z.object({ folder: z.string().min(1).max(4096) })).output(scannedSchema),
  /** Looks at every file again: missing, changed, moved. */
  refresh: oc.output(z.boolean()),
  /** Shows its file in the system's file manager; false where there is no window. */
  reveal: oc.input(one).output(z.boolean()),
  /** What is left out stays as it is; role null: what the file or its folder says. */
  describe: oc.input(describedSchema).output(entrySchema),
  show: oc.input(one).output(shownSchema),
  /** Measured once a content: what is kept comes at once. */
  statistics: oc.input(one).output(told(statisticsSchema)),
  /** A part of a tensor's values, and how they are spread. */
  tensor: oc.input(one.extend(tensorPartSchema.shape)).output(told(tensorValuesSchema)),
  compare: oc.input(z.object({ a: z.number().int(), b: z.number().int() })).output(told(differenceSchema)),
  compatible: oc
    .input(z.object({ pretrained: z.number().int(), others: z.array(z.number().int()).min(1).max(64) }))
    .output(told(compatibilitySchema)),
  /** The same and more, layer by layer; pretrained null: of a merge that needs none. */
  mergeReport: oc
    .input(
      z.object({
        pretrained: z.number().int().nullable(),
        others: z.array(z.number().int()).min(1).max(64),
        spectra: z.enum(spectraChoices),
      }),
    )
    .output(told(mergeReportSchema)),
  /** Follows the recipe in it again and compares every byte; throws verify-failed at the first difference. */
  verify: oc.input(one).output(told(verifiedSchema)),
  /** target: a new file, where a browser's page chose one; else the system's dialog says, or it lands in the exports. */
  convert: oc
    .input(one.extend({ form: formSchema, target: z.string().max(4096).optional() }))
    .output(writtenSchema.nullable()),
  /** Text of a file's "basil.recipe"; throws config-invalid when it is none. */
  reopen: oc.input(z.object({ recipe: z.string().max(16 * 2 ** 20) })).output(reopenedSchema),
}
