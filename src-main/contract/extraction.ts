// A LoRA taken out of a fine-tuned model: what is asked, and what was written. Norms are those of the difference,
// |theta - theta_pre|, and errors are relative to them.
import { z } from 'zod'

import { sha256Schema } from './branded.ts'
import { writtenDtypes, writtenLayouts } from './checkpoint.ts'
import { exportedSchema } from './run/recipe.ts'

/** A whole number: the rank; below 1: the share of |delta|^2 that is kept of every matrix; full: all there is. */
export const loraRankSchema = z.union([z.int().min(1), z.number().gt(0).lt(1), z.literal('full')])
export type LoraRank = z.infer<typeof loraRankSchema>

export const extractionSchema = z.object({
  pretrained: z.string(),
  finetuned: z.string(),
  out: z.string(), // a folder, which is made
  rank: loraRankSchema,
  modules: z.array(z.string()).nullable(), // whole names or their ends, as peft has them; null: all that differ
  layout: z.enum(writtenLayouts).nullable(), // whose names the modules have
  dtype: z.enum(writtenDtypes),
  saveRest: z.boolean(), // what is no matrix of a linear module is put beside the factors, whole
})
export type Extraction = z.infer<typeof extractionSchema>

const layerSchema = z.object({
  module: z.string(),
  tensor: z.string(), // as the file names it
  shape: z.array(z.number()),
  rank: z.number(),
  norm: z.number(), // |delta|
  error: z.number(), // |delta - B A| / |delta|, of the factors as they are written
})

/** What the factors do not hold. saved: it is in the adapter whole; lost: it is not, and stays the pre-trained one's. */
const restSchema = z.object({
  tensor: z.string(),
  shape: z.array(z.number()),
  norm: z.number().nullable(), // null: there is no difference, as only one of the models has it in this shape
  share: z.number().nullable(), // of |delta| of all tensors
  fate: z.enum(['saved', 'lost']),
  why: z.string(),
})

export const extractedSchema = exportedSchema.extend({
  card: z.string(),
  pretrained: z.object({ name: z.string(), sha256: sha256Schema }),
  finetuned: z.object({ name: z.string(), sha256: sha256Schema }),
  layers: z.array(layerSchema),
  rest: z.array(restSchema),
  norm: z.number(), // of everything
  layerError: z.number(), // of all matrices together
  error: z.number(), // of everything, with what is lost
})
export type Extracted = z.infer<typeof extractedSchema>
export type ExtractedLayer = Extracted['layers'][number]
export type ExtractedRest = Extracted['rest'][number]
