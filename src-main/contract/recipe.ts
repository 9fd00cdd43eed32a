// How any state of a run is rebuilt from its parents, exactly, and what an exported file says of itself.
//   theta = theta_pre + sum_t c_t,b (theta_t - theta_pre),  c_t,b = chosen_start_t,b * prod_k (1 + lambda_k,b)
// (the collapse identity of difference vectors: a whole lineage is the parents and a few rows of numbers).
import { z } from 'zod'

const parent = z.object({ file: z.string(), name: z.string(), sha256: z.string() })

export const recipeSchema = z.object({
  basil: z.string(), // version of the recipe's form
  run: z.number().nullable(),
  name: z.string(),
  method: z.string(),
  grouping: z.enum(['tensor', 'layer', 'scalar']),
  linearised: z.boolean().optional(), // the run saw these weights to first order, around the pre-trained model
  iteration: z.number(), // 0: the start
  epoch: z.number().nullable(), // of that iteration; null: its chosen state
  pretrained: parent,
  vectors: z.array(parent),
  groups: z.array(z.string()), // coefficient names, in the order of the columns below
  start: z.array(z.array(z.number())), // (vectors x groups)
  iterations: z.array(z.array(z.number())), // lambda_k, (iteration x groups)
  config: z.unknown().optional(),
})
export type Recipe = z.infer<typeof recipeSchema>

export const exportedSchema = z.object({ file: z.string(), bytes: z.number(), sha256: z.string(), tensors: z.number() })
export type Exported = z.infer<typeof exportedSchema>

export const inspectionSchema = z.object({
  file: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  format: z.string(),
  layout: z.string(), // "open_clip image tower", "tensor file" or "unknown"
  architecture: z.record(z.string(), z.union([z.number(), z.string()])).nullable(),
  role: z.enum(['pretrained', 'finetuned', 'merged', 'data', 'unknown']),
  tensors: z.array(z.object({ name: z.string(), dtype: z.string(), shape: z.array(z.number()) })),
  blocks: z.number(),
  nonFinite: z.number(), // NaN and infinite values found
  metadata: z.record(z.string(), z.string()),
})
export type Inspection = z.infer<typeof inspectionSchema>
