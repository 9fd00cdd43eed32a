// Models measured outside a run: what the engine is asked, the report that comes of it, and what a window may ask for.
// A report says of every task which images it was measured on, and of every model which checkpoint or state of a run it
// is; means are over its rows and nothing else.

import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'

import { runIdSchema } from '../branded.ts'
import { splitManifestSchema } from '../data/manifest.ts'
import { errorSchema } from '../errors.ts'
import { recipeSchema } from '../run/recipe.ts'
import { progressSchema } from '../run/run.ts'
import { saidFields, towerSettingsSchema } from '../tower.ts'

const splits = ['training', 'validation', 'test'] as const
const name = z.string().min(1).max(200)
const share = z.number().min(0).max(1)

const mostModels = 64 // of a sweep; of files and runs that a window names 16

/** A checkpoint, or any state of a run, which is put together from its parents and written nowhere. */
const modelSchema = z.object({
  name,
  from: z.union([z.object({ file: z.string() }), z.object({ recipe: recipeSchema })]),
  lambda: z.number().optional(), // theta_pre + lambda (theta - theta_pre), of a sweep
})

/**
 * The task's own fine-tuned model: measured on the same images, or what its authors' ft_accuracies.json says of the
 * same split.
 */
const referenceSchema = z.union([z.object({ file: z.string() }), z.object({ accuracy: share, from: z.string() })])
export type Reference = z.infer<typeof referenceSchema>

export const evaluationRequestSchema = z.object({
  models: z.array(modelSchema).min(1).max(mostModels),
  // whose projection a tower without one takes, and which decides how models of its shape are computed
  pretrained: z.string().nullable().default(null),
  tasks: z
    .array(
      z.object({
        name,
        data: z.string(), // as a configuration names images
        head: z.string(),
        reference: referenceSchema.nullable().default(null),
        // the class whose gaps between groups are told; null: the largest of all
        positive: z.number().int().min(0).nullable().default(null),
      }),
    )
    .min(1)
    .max(64),
  split: z.enum(splits),
  ...saidFields,
  onUnreadable: z.enum(['skip', 'refuse']).default('skip'),
  mistakes: z.number().int().min(0).max(50).default(50), // wrong images shown of a task and model
  // a CSV file with a row for every image
  predictions: z.object({ out: z.string(), overwrite: z.boolean() }).nullable().default(null),
})
export type EvaluationRequest = z.infer<typeof evaluationRequestSchema>

const interval = z.tuple([z.number(), z.number()]) // Wilson's, at 95 %
const gap = z.object({ gap: z.number(), class: z.number() })

/** One model on one task's images. Accuracies are between 0 and 1. */
const taskResultSchema = z.object({
  images: z.number(),
  correct: z.number(),
  loss: z.number(), // mean cross-entropy
  accuracy: z.number(),
  interval,
  macroAccuracy: z.number(), // mean over classes
  relativeAccuracy: z.number().nullable(), // over the reference's
  // [label, predicted, images], of those that are not 0
  confusion: z.array(z.tuple([z.number(), z.number(), z.number()])),
  // in the order of the labels
  classes: z.array(z.object({ images: z.number(), correct: z.number(), predicted: z.number() })),
  calibration: z.object({
    error: z.number(), // ECE
    bins: z.array(
      z.object({ from: z.number(), to: z.number(), images: z.number(), correct: z.number(), confidence: z.number() }),
    ),
  }),
  fairness: z
    .object({
      groups: z.array(z.object({ group: z.string(), images: z.number(), correct: z.number() })),
      parity: gap,
      odds: gap,
    })
    .nullable(), // where the data has groups
  mistakes: z.array(
    z.object({
      image: z.string(),
      label: z.number(),
      predicted: z.number(),
      confidence: z.number(),
      picture: z.string(),
    }), // JPEG, base64
  ), // the most confident first
})
export type TaskResult = z.infer<typeof taskResultSchema>

const taskReportSchema = z.object({
  name: z.string(),
  data: z.string(),
  head: z.string(),
  classes: z.array(z.string()).nullable(), // names in the order of the labels, where they are known
  images: splitManifestSchema.omit({ task: true, split: true }).nullable(), // of a data set
  reference: z.object({ accuracy: z.number(), how: z.enum(['measured', 'imported']), from: z.string() }).nullable(),
  results: z.array(taskResultSchema), // one a model
  mcnemar: z
    .object({ onlyFirst: z.number(), onlySecond: z.number(), statistic: z.number().nullable(), p: z.number() })
    .nullable(), // of the first two models
})
export type TaskReport = z.infer<typeof taskReportSchema>

export const evaluationReportSchema = z.object({
  split: z.enum(splits),
  models: z.array(
    z.object({
      name: z.string(),
      file: z.string().nullable(), // null: a state of a run
      sha256: z.string().nullable(), // of the file
      run: runIdSchema.nullable(),
      iteration: z.number().nullable(),
      lambda: z.number().optional(), // of a sweep
      linearised: z.boolean(), // measured to first order around the pre-trained model, as its run saw it
      architecture: z.string(),
      tower: towerSettingsSchema.optional(), // how it was computed; not in reports of 0.1.0
      warnings: z.array(z.string()).optional(), // what may make its numbers wrong
      accuracy: z.number(), // mean over tasks
      relativeAccuracy: z.number().nullable(), // null as soon as one task has no reference
    }),
  ),
  tasks: z.array(taskReportSchema),
})
export type EvaluationReport = z.infer<typeof evaluationReportSchema>

const states = ['waiting', 'running', 'done', 'failed', 'interrupted'] as const

const summarySchema = z.object({
  evaluation: z.number(),
  created: z.string(),
  state: z.enum(states),
  error: errorSchema.nullable(),
  split: z.enum(splits),
  models: z.array(z.string()),
  tasks: z.array(z.string()),
  accuracy: z.number().nullable(), // of the first model
})
export type EvaluationSummary = z.infer<typeof summarySchema>

/** Test data was opened: by an evaluation, or by a run or a fine-tuning at its end. */
const openingSchema = z.object({
  data: z.string(),
  task: z.string(),
  opened: z.string().nullable(), // when; of a run, when it ended
  evaluation: z.number().nullable(),
  run: runIdSchema.nullable(),
  tuning: z.number().nullable(),
})
export type Opening = z.infer<typeof openingSchema>

/** "run 3" */
export function openerOf({ run, tuning, evaluation }: Opening): string {
  if (run !== null) return `run ${run}`
  return tuning === null ? `evaluation ${evaluation}` : `fine-tuning ${tuning}`
}

const detailSchema = summarySchema.extend({
  report: evaluationReportSchema.nullable(),
  openings: z.array(openingSchema),
})
export type EvaluationDetail = z.infer<typeof detailSchema>

const eventSchema = z.discriminatedUnion('type', [
  progressSchema,
  z.object({ type: z.literal('done') }),
  z.object({ type: z.literal('failed'), error: errorSchema }),
])
export type EvaluationEvent = z.infer<typeof eventSchema>

const one = z.object({ evaluation: z.number().int() })
const id = z.number().int() // a row of the library
const inFile = z.object({ id, name: z.string().max(500) }) // a file, and what is meant in it; "": the file itself
const ofDataSet = z.object({ dataSet: id, split: z.string().max(300) }) // of those that were added

export const tasksSchema = z.union([
  z.object({ run: runIdSchema }),
  z.object({ grant: z.string(), config: z.unknown() }),
  z.object({
    of: z.array(z.object({ name, data: z.union([inFile, ofDataSet]), head: inFile, finetuned: id.nullable() })).min(1),
  }),
])
export type WantedTasks = z.infer<typeof tasksSchema>

const wantedSchema = z.object({
  models: z
    .array(
      z.union([
        z.object({ id }),
        z.object({
          run: runIdSchema,
          iteration: z.number().int().min(0).nullable(),
          lambdas: z.array(z.number()).min(2).max(mostModels).optional(), // a sweep over lambda, and nothing beside it
        }),
      ]),
    )
    .min(1)
    .max(16),
  tasks: tasksSchema,
  split: z.enum(splits),
  mistakes: evaluationRequestSchema.shape.mistakes,
})
export type WantedEvaluation = z.infer<typeof wantedSchema>

export const evaluationsApi = {
  /**
   * Tasks are a run's own, those of an opened configuration, or rows of the library; models likewise. It begins when
   * its turn comes in the queue.
   */
  start: oc.input(wantedSchema).output(one),
  /** Ends with "done" or "failed". */
  watch: oc.input(one).output(eventIterator(eventSchema)),
  list: oc.output(z.array(summarySchema)),
  show: oc.input(one).output(detailSchema),
  forget: oc.input(one).output(z.boolean()), // that it opened test data stays known
  /** Writes the report as one page of HTML. In a browser the file lands in the data folder's exports. */
  save: oc.input(one).output(z.object({ file: z.string(), download: z.string().nullable() }).nullable()),
}
