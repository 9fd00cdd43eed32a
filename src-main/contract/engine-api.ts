// What the main side may ask of the engine's process, and what comes back. Weights never cross: only files by name, events and small tables.
import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'

import { resolvedSchema } from './config.ts'
import { exportedSchema, inspectionSchema, recipeSchema } from './recipe.ts'
import { engineEventSchema, engineInfoSchema, parentSchema, progressSchema, resumeSchema } from './run.ts'

export const planSchema = z.object({
  parameters: z.number(),
  blocks: z.number(),
  vectors: z.number(),
  coefficients: z.number(),
  images: z.number(),
  memoryBytes: z.number(), // estimate of the engine's peak
})
export type Plan = z.infer<typeof planSchema>

export const headRequestSchema = z.object({
  model: z.string(), // a checkpoint with a text tower
  activation: z.enum(['quick-gelu', 'gelu']),
  merges: z.string(), // the tokenizer's list, gzip-compressed
  name: z.string().min(1), // the tensor is head.NAME
  classes: z.array(z.string().min(1)).min(1), // in the order of the labels
  templates: z.array(z.string().includes('{}')).min(1), // "{}" is where a class's name goes
  out: z.string(),
  overwrite: z.boolean(),
})
export type HeadRequest = z.infer<typeof headRequestSchema>

export const headEventSchema = z.discriminatedUnion('type', [progressSchema, exportedSchema.extend({ type: z.literal('written') })])
export type HeadEvent = z.infer<typeof headEventSchema>

export const engineContract = {
  describe: oc.output(engineInfoSchema),
  inspect: oc.input(z.object({ file: z.string() })).output(inspectionSchema),
  /** Reads headers only and says what a run would take; throws what the run would throw. */
  check: oc.input(resolvedSchema).output(planSchema),
  /** Works on a run until it ends or the iterator is closed. With resume it goes on after that state; parents must then have their recorded hashes. */
  run: oc
    .input(z.object({ config: resolvedSchema, resume: resumeSchema.nullable(), parents: z.array(parentSchema) }))
    .output(eventIterator(engineEventSchema)),
  /** Ends the present stage with its best state, skips the rest, and evaluates: the run finishes early. */
  stop: oc.output(z.boolean()),
  /** Rebuilds the model a recipe describes and writes it as safetensors; verified by reading it back. */
  rebuild: oc.input(z.object({ recipe: recipeSchema, out: z.string(), overwrite: z.boolean() })).output(exportedSchema),
  /** Writes the zero-shot head of a CLIP model's text tower, (classes, embed), as a tensor file; verified by reading it back. */
  makeHead: oc.input(headRequestSchema).output(eventIterator(headEventSchema)),
}
