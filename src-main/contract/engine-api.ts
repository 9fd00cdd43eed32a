// What the main side may ask of the engine's process, and what comes back. Weights never cross: only files by name,
// events and small tables.
import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'

import { readingDataContract } from './api/data.ts'
import { disentanglementRequestSchema, disentanglementSchema } from './api/disentanglement.ts'
import { trialSchema } from './api/engines.ts'
import { evaluationReportSchema, evaluationRequestSchema } from './api/evaluations.ts'
import {
  headEventSchema,
  headImportSchema,
  headRequestSchema,
  probeEventSchema,
  probeRequestSchema,
} from './api/heads.ts'
import { mixContract } from './api/mix.ts'
import { basesReportSchema, basesRequestSchema } from './bases.ts'
import { bytesSchema, sha256Schema } from './branded.ts'
import {
  compatibilitySchema,
  descriptionSchema,
  differenceSchema,
  formSchema,
  inspectionSchema,
  statisticsSchema,
  tensorPartSchema,
  tensorValuesSchema,
} from './checkpoint.ts'
import { extractedSchema, extractionSchema } from './extraction.ts'
import { mergePlanSchema } from './merges/plan.ts'
import { mergeReportRequestSchema, mergeReportSchema } from './merges/report.ts'
import { verifiedSchema, verifyRequestSchema } from './merges/verify.ts'
import { resolvedSchema } from './run/config.ts'
import { engineInfoSchema } from './run/engine-info.ts'
import { exportedSchema, recipeSchema } from './run/recipe.ts'
import { engineEventSchema, type Progress, parentSchema, resumeSchema } from './run/run.ts'
import { imagesSchema } from './run/work.ts'
import { towerSettingsSchema } from './tower.ts'
import { resolvedTuningSchema } from './tuning/config.ts'
import { tuneSchema } from './tuning/output.ts'
import { tuningEngineEventSchema, tuningPlanSchema } from './tuning/tuning.ts'
import { told } from './wire/told.ts'

export const planSchema = z.object({
  parameters: z.number(),
  blocks: z.number(),
  vectors: z.number(),
  coefficients: z.number(),
  images: z.number(),
  memoryBytes: z.number(), // estimate of the engine's peak
  cacheBytes: z.number().optional(), // of preprocessed images on disk, at most
  notes: z.array(z.string()).optional(), // of the models, what should be known before
  warnings: z.array(z.string()).optional(), // and what may make every number wrong
  tower: towerSettingsSchema.optional(), // how the models are computed
  tasks: z.array(imagesSchema).optional(), // images by task and split
  operations: z.number().optional(), // of one image through the tower
})
export type Plan = z.infer<typeof planSchema>

const file = z.object({ file: z.string() })

/** What long work tells: how far it is, and at the end what came of it. */
export type Told<T> = Progress | { type: 'result'; result: T }

export const conversionSchema = z.object({
  file: z.string(),
  out: z.string(),
  overwrite: z.boolean(),
  form: formSchema,
})
export type Conversion = z.infer<typeof conversionSchema>

/** Images and heads as a configuration names them, one for each vector of the recipe; heads where they are wanted. */
export const collectRequestSchema = z.object({
  recipe: recipeSchema,
  data: z.array(z.string()),
  heads: z.array(z.string()),
})
export type CollectRequest = z.infer<typeof collectRequestSchema>
/** A recipe, and the file or folder that its model becomes. */
export const rebuildingSchema = z.object({
  recipe: recipeSchema,
  out: z.string(),
  overwrite: z.boolean(),
  form: formSchema,
})
export type Rebuilding = z.infer<typeof rebuildingSchema>

export const engineContract = {
  describe: oc.output(engineInfoSchema),
  /** How fast it is; takes about two seconds, and those of its start. */
  trial: oc.output(trialSchema),
  /** By headers alone. */
  look: oc.input(file).output(descriptionSchema),
  /** Of a checkpoint's content, sharded ones included. */
  hash: oc.input(file).output(z.object({ sha256: sha256Schema, bytes: bytesSchema })),
  inspect: oc.input(file).output(inspectionSchema),
  statistics: oc.input(file).output(told(statisticsSchema)),
  /** Numbers of one tensor. Throws tensor-missing, tensor-dtype. */
  tensor: oc.input(file.extend(tensorPartSchema.shape)).output(told(tensorValuesSchema)),
  compare: oc.input(z.object({ a: z.string(), b: z.string() })).output(told(differenceSchema)),
  compatible: oc
    .input(z.object({ pretrained: z.string(), others: z.array(z.string()) }))
    .output(told(compatibilitySchema)),
  convert: oc.input(conversionSchema).output(told(exportedSchema)),
  /** What bases of task vectors leave and take; writes them where a folder is named. */
  bases: oc.input(basesRequestSchema).output(told(basesReportSchema)),
  /** Writes an adapter as peft has them; verified by reading it back. */
  extractLora: oc.input(extractionSchema).output(told(extractedSchema)),
  data: readingDataContract,
  /** Predictions of two vectors over a grid of their coefficients. */
  disentangle: oc.input(disentanglementRequestSchema).output(told(disentanglementSchema)),
  /** Reads headers only and says what a run would take; throws what the run would throw. */
  check: oc.input(resolvedSchema).output(planSchema),
  /**
   * Works on a run until it ends or the iterator is closed. With resume it goes on after that state; parents must then
   * have their recorded hashes.
   */
  run: oc
    .input(z.object({ config: resolvedSchema, resume: resumeSchema.nullable(), parents: z.array(parentSchema) }))
    .output(eventIterator(engineEventSchema)),
  /** What a fine-tuning would take. Throws what it would throw. */
  tuningPlan: oc.input(z.object({ config: resolvedTuningSchema })).output(tuningPlanSchema),
  /** Goes on from its last state, where there is one; writes the model at the end, read back. */
  tune: oc.input(tuneSchema).output(eventIterator(tuningEngineEventSchema)),
  /**
   * Ends the present stage with its best state, skips the rest, and evaluates: the run finishes early. A fine-tuning
   * ends with what it has by then.
   */
  stop: oc.output(z.boolean()),
  /** Looks at each model on its own task's images, as the recipe's merge wants; gives the recipe with what was found. */
  collect: oc.input(collectRequestSchema).output(told(recipeSchema)),
  /** Rebuilds the model a recipe describes and writes it in the form asked for; verified by reading it back. */
  rebuild: oc.input(rebuildingSchema).output(exportedSchema),
  /** The same, which tells how far it is. */
  merge: oc.input(rebuildingSchema).output(told(exportedSchema)),
  /** By headers alone: what a merge would do with every tensor, and what it takes. */
  mergePlan: oc.input(z.object({ recipe: recipeSchema, form: formSchema })).output(mergePlanSchema),
  /** What is known of the models before: norms, cosines, signs, singular values, layer by layer. */
  mergeReport: oc.input(mergeReportRequestSchema).output(told(mergeReportSchema)),
  /** Follows a model's own recipe and compares every byte; throws verify-failed at the first difference. */
  verify: oc.input(verifyRequestSchema).output(verifiedSchema),
  /**
   * Writes the zero-shot head of a CLIP model's text tower, (classes, embed), as a tensor file; verified by reading it
   * back.
   */
  makeHead: oc.input(headRequestSchema).output(eventIterator(headEventSchema)),
  /**
   * Writes heads of other programs' files, such as head_CarsVal.pt, into one tensor file; verified by reading it back.
   */
  importHeads: oc.input(headImportSchema).output(exportedSchema),
  /**
   * Fits a linear probe on a frozen model's features of labelled images and writes it as a head; verified by reading it
   * back.
   */
  probeHead: oc.input(probeRequestSchema).output(eventIterator(probeEventSchema)),
  /**
   * Measures models on tasks outside a run. Of single images only the worst mistakes come back; all of them go to a
   * table on disk where that is asked for.
   */
  evaluate: oc.input(evaluationRequestSchema).output(told(evaluationReportSchema)),
  /** A model whose coefficients are moved, measured again and again. */
  mix: mixContract,
}
