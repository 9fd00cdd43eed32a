// What is known of models before they are merged: how much of them is merged, how long their vectors are and how they
// lie to each other, layer by layer. Vectors are task vectors tau_t = theta_t - theta_pre, or, of a merge that needs no
// pre-trained model, the models themselves. What is not computed says why in its place.
import { z } from 'zod'

import { compatibilitySchema } from '../checkpoint.ts'
import { fates } from './plan.ts'

const skippedSchema = z.object({ skipped: z.string() }) // why

const orSkipped = <T extends z.ZodType>(value: T) => z.union([value, skippedSchema])

/** Whether it was computed. */
export function isThere<T>(value: T | Skipped): value is T {
  return typeof value !== 'object' || value === null || !('skipped' in value)
}
export type Skipped = z.infer<typeof skippedSchema>

/** How many matrices' singular values are computed: of some layers where all would take long. */
export const spectraChoices = ['none', 'sampled', 'all'] as const
export type SpectraChoice = (typeof spectraChoices)[number]

export const mergeReportRequestSchema = z.object({
  pretrained: z.string().nullable(), // null: a merge of models
  vectors: z.array(z.string()).min(1),
  missing: z.literal('base').optional(), // of a tensor that not all have in one shape
  spectra: z.enum(spectraChoices),
})
export type MergeReportRequest = z.infer<typeof mergeReportRequestSchema>

const cosinesSchema = orSkipped(z.array(z.array(z.number()))) // of the vectors, each with each

/**
 * Of one matrix. ranks, of each vector: exp(-sum p log p), p = s / sum s, of its singular values s (Roy and Vetterli,
 * EUSIPCO 2007). interference: |(U'U - I) S (V'V - I)|_1, the sum of all elements' sizes, over the singular vectors of
 * all vectors side by side, the floor(min(m, n) / T) leading ones of each, as TSV-M keeps them (Gargiulo et al., CVPR
 * 2025); relative: over the sum of S. 0 where no two vectors share a direction.
 */
const matrixSchema = z.object({
  tensor: z.string(),
  shape: z.tuple([z.number(), z.number()]),
  ranks: z.array(z.number()),
  interference: orSkipped(z.object({ value: z.number(), relative: z.number() })),
})
export type MatrixReport = z.infer<typeof matrixSchema>

const layerSchema = z.object({
  layer: z.string(), // "layer 3", "embedding", "output"
  tensors: z.number(),
  elements: z.number(),
  norms: z.array(z.number()), // of each vector
  cosines: cosinesSchema,
  conflicts: orSkipped(z.number()), // share of elements that one vector moves up and another down
  matrices: orSkipped(z.array(matrixSchema)),
})
export type LayerReport = z.infer<typeof layerSchema>

/**
 * By the theory of task arithmetic (Li et al., ICLR 2025), which knows three relations of tasks; the thresholds are
 * Basil's. contradictory: one pair is; else aligned: one pair is.
 */
const hintSchema = z.object({
  relation: z.enum(['aligned', 'irrelevant', 'contradictory']),
  threshold: z.number(), // a pair is aligned above it, contradictory below its negative
  pairs: z.object({ aligned: z.number(), irrelevant: z.number(), contradictory: z.number() }),
  words: z.string(),
})
export type Hint = z.infer<typeof hintSchema>

export const mergeReportSchema = z.object({
  of: z.enum(['differences', 'models']),
  /** By headers alone; the merge begins where nothing is refused. */
  coverage: orSkipped(z.array(z.object({ fate: z.enum(fates), tensors: z.number(), elements: z.number() }))),
  /** Of those that fit and are finite: |v|, and of task vectors |tau| / |theta_pre|. */
  vectors: z.array(z.object({ file: z.string(), norm: z.number(), relative: orSkipped(z.number()) })),
  cosines: cosinesSchema,
  conflicts: orSkipped(z.number()),
  hint: orSkipped(hintSchema),
  layers: z.array(layerSchema),
  /** What stands against the merge, scales that are far apart, and a pre-trained model that may be another. */
  findings: compatibilitySchema.shape.findings,
})
export type MergeReport = z.infer<typeof mergeReportSchema>
