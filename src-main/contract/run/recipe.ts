// How any state of a run is rebuilt from its parents, exactly, and what an exported file says of itself.
//   theta = theta_pre + sum_t c_t,b (theta_t - theta_pre),  c_t,b = chosen_start_t,b * prod_k (1 + lambda_k,b)
// (the collapse identity of difference vectors: a whole lineage is the parents and a few rows of numbers).
import { z } from 'zod'

import { sha256Schema } from '../branded.ts'

// file: '' in an exported model, which names no path
const parent = z.object({ file: z.string().default(''), name: z.string(), sha256: sha256Schema })

/**
 * What is combined in place of the vectors: their largest elements of elected sign (trim), TIES of them all as the only
 * one (merged), each in so many parts.
 */
const preparationSchema = z.object({
  trim: z.number().nullable(),
  merged: z.boolean(),
  parts: z.number(),
  seed: z.number(),
})
export type Preparation = z.infer<typeof preparationSchema>

export const recipeSchema = z.object({
  basil: z.string(), // version of the recipe's form
  run: z.number().nullable(),
  name: z.string(),
  method: z.string(),
  grouping: z.enum(['tensor', 'layer', 'scalar']),
  linearised: z.boolean().optional(), // the run saw these weights to first order, around the pre-trained model
  // how the iterations below were meant, where not as those of DV-BASI
  control: z.enum(['restart', 'random']).optional(),
  seed: z.number().optional(), // of random directions
  iteration: z.number(), // 0: the start
  epoch: z.number().nullable(), // of that iteration; null: its chosen state
  pretrained: parent,
  vectors: z.array(parent),
  prepared: preparationSchema.optional(),
  groups: z.array(z.string()), // coefficient names, in the order of the columns below
  start: z.array(z.array(z.number())), // (vectors x groups)
  iterations: z.array(z.array(z.number())), // lambda_k, (iteration x groups)
  config: z.unknown().optional(),
})
export type Recipe = z.infer<typeof recipeSchema>

export const exportedSchema = z.object({
  file: z.string(),
  bytes: z.number(),
  sha256: sha256Schema,
  tensors: z.number(),
  // of a merged model: types narrower than float32 that its numbers were rounded to
  rounded: z.array(z.string()).optional(),
})
export type Exported = z.infer<typeof exportedSchema>
