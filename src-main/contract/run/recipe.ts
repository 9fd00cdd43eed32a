// How any state of a run is rebuilt from its parents, exactly, and what an exported file says of itself.
//   theta = theta_pre + sum_t c_t,b (theta_t - theta_pre),  c_t,b = chosen_start_t,b * prod_k (1 + lambda_k,b)
// (the collapse identity of difference vectors: a whole lineage is the parents and a few rows of numbers).
import { z } from 'zod'

import { runIdSchema, sha256Schema } from '../branded.ts'
import { ties } from '../merges/consensus/ties.ts'
import { randomParts } from '../merges/sparse/random-parts.ts'
import { type Step, stepSchema } from '../merges/step.ts'

// file: '' in an exported model, which names no path
const parent = z.object({ file: z.string().default(''), name: z.string(), sha256: sha256Schema })

/**
 * Whose tokens the merged model has. union: those of the base, then what the others have beside; a number: a model's,
 * by its place in [pretrained, ...vectors]. base: whose rows a model is given for tokens that it lacks, by its place;
 * null: the mean of the rows of those that have them.
 */
const tokenizerSchema = z.object({
  source: z.union([z.enum(['union', 'base']), z.number().int().min(0)]),
  base: z.number().int().min(0).nullable(),
  sha256: z.array(sha256Schema).optional(), // of each model's tokenizer.json, in the order of [pretrained, ...vectors]
})

/**
 * What stands in place of [pretrained, ...vectors]: models that are put together of layers of theirs, each part of a
 * model by its place, from a layer to below another. What stands before the layers is the first part's model's, what
 * stands behind them the last's.
 */
const layersSchema = z
  .array(
    z
      .array(
        z.object({
          model: z.number().int().min(0),
          from: z.number().int().min(0),
          to: z.number().int().min(1).max(10_000),
        }),
      )
      .min(1)
      .max(1000),
  )
  .min(1)
  .max(1000)

const fields = {
  run: runIdSchema.nullable(),
  name: z.string(),
  method: z.string(),
  grouping: z.enum(['tensor', 'layer', 'scalar']),
  linearised: z.boolean().optional(), // the run saw these weights to first order, around the pre-trained model
  // how the iterations below were meant, where not as those of DV-BASI
  control: z.enum(['restart', 'random']).optional(),
  seed: z.number().optional(), // of random directions
  iteration: z.number(), // 0: the start
  epoch: z.number().nullable(), // of that iteration; null: its chosen state
  pretrained: parent, // of a merge that needs none the first of the models
  vectors: z.array(parent),
  groups: z.array(z.string()), // coefficient names, in the order of the columns below
  start: z.array(z.array(z.number())), // (vectors after the steps x groups)
  iterations: z.array(z.array(z.number())), // lambda_k, (iteration x groups)
  config: z.unknown().optional(),
  // base: a tensor that not all models have in one shape is the pre-trained model's; not given: it is refused
  missing: z.literal('base').optional(),
  tokenizer: tokenizerSchema.optional(), // embeddings and heads are matched token by token; not given: row by row
  layers: layersSchema.optional(), // not given: each model has its own
  // what a step knows of each model's images: one file for each vector, or one of all
  statistics: z.array(parent).optional(),
}

/** steps: what the vectors come through, one after the other, before they are combined. */
const form2 = z.object({ basil: z.literal('2'), ...fields, steps: z.array(stepSchema) })
export type Recipe = z.infer<typeof form2>
/** How the models that are merged are made of the parents. */
export type Arrangement = Pick<Recipe, 'tokenizer' | 'layers'>

/**
 * The first form. prepared: the vectors' largest elements of elected sign (trim), or TIES of them all as the only one
 * (merged), each in so many parts.
 */
const form1 = z.object({
  basil: z.literal('1'),
  ...fields,
  prepared: z
    .object({ trim: z.number().nullable(), merged: z.boolean(), parts: z.number(), seed: z.number() })
    .optional(),
})

/** The same recipe in the present form: the model is the same, to the bit. */
function recipeOf1({ prepared, ...rest }: z.infer<typeof form1>): Recipe {
  const steps: Step[] = []
  if (prepared && prepared.trim !== null)
    steps.push({
      method: ties.name,
      parameters: { density: prepared.trim, output: prepared.merged ? 'merged' : 'trimmed' },
    })
  if (prepared && prepared.parts > 1)
    steps.push({ method: randomParts.name, parameters: { parts: prepared.parts, seed: prepared.seed } })
  return { ...rest, basil: '2', steps }
}

/** Reads every form there has been; gives the present one. */
export const recipeSchema = z
  .discriminatedUnion('basil', [form1, form2], { error: 'it has a form that this version of Basil does not read' })
  .transform((recipe) => (recipe.basil === '1' ? recipeOf1(recipe) : recipe))

export const exportedSchema = z.object({
  file: z.string(),
  bytes: z.number(),
  sha256: sha256Schema,
  tensors: z.number(),
  // of a merged model: types narrower than float32 that its numbers were rounded to
  rounded: z.array(z.string()).optional(),
  // of a merge: the hashes of its pre-trained model and its vectors
  parents: z.array(sha256Schema).optional(),
})
export type Exported = z.infer<typeof exportedSchema>
