// What is known of the images of a run: for each split it opened, which images they are, how they were drawn, and what
// could not be read.
import { z } from 'zod'

import { leftOutSchema } from './left-out.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

const splits = z.enum(['training', 'validation', 'test'])

const unreadableSchema = z.object({ name: z.string(), reason: z.string() })
export type Unreadable = z.infer<typeof unreadableSchema>

/** One split of one task, as it was opened. A run opens test data once, at its end: each opening is one of these. */
export const splitManifestSchema = z.object({
  task: z.string(),
  split: splits,
  images: z.string(), // as the configuration names them
  source: z.string(), // what kind of data it is
  of: z.string(), // the split on disk that they are from
  drawn: z.string(), // how, in words; "" where all of it is taken
  available: z.number(), // images of that split on disk
  count: z.number(), // images used: those drawn, without those that cannot be read
  perClass: z.array(z.number()), // images used of each label; empty where labels stay locked
  classes: z.array(z.string()).nullable(), // names in label order, where the data has them
  indices: sha256, // of their positions in the split on disk, int64 little-endian, in their order
  names: sha256, // of their names, each ended by a line feed
  pixels: sha256, // of the SHA-256 of each image's preprocessed pixels
  skipped: z.array(unreadableSchema), // the first 1000
  skippedCount: z.number(),
  leftOut: z.array(leftOutSchema).optional(), // none of the split on disk to begin with
  /**
   * Its images that are, to the bit, in a split opened before it; unlabelled: learned on there without their labels.
   */
  shared: z.array(z.object({ split: splits, images: z.number(), unlabelled: z.literal(true).optional() })).optional(),
  cached: z.boolean(), // preprocessed images are kept on disk
})
export type SplitManifest = z.infer<typeof splitManifestSchema>
