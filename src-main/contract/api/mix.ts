// A model whose coefficients are moved by hand, and its accuracy meanwhile: what a window asks for, what is asked of
// the engine, and what comes back. Coefficients are told as a recipe tells them, start (vectors x blocks) and
// iterations (iterations x blocks), so that any mix is a recipe. Scores come in waves: few images of each task first,
// then more, until all are seen or another mix is asked for.
import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'

import { runIdSchema } from '../branded.ts'
import { formSchema } from '../checkpoint.ts'
import { resolvedSchema } from '../run/config.ts'
import { recipeSchema } from '../run/recipe.ts'
import { parentSchema, progressSchema } from '../run/run.ts'
import { told } from '../wire/told.ts'
import { tasksSchema } from './evaluations.ts'
import { mergeAskedSchema } from './merges.ts'

const table = z.array(z.array(z.number()))

export const mixCoefficientsSchema = z.object({ start: table, iterations: table })
export type MixCoefficients = z.infer<typeof mixCoefficientsSchema>

export const mixSplits = ['validation', 'training'] as const // never test data, which is opened once, at the end

/** A mix to be opened: its recipe, and the images it is measured on. */
export const mixRequestSchema = z.object({
  recipe: recipeSchema,
  tasks: z
    .array(z.object({ name: z.string(), data: z.string(), head: z.string() }))
    .min(1)
    .max(64),
  split: z.enum(mixSplits),
  onUnreadable: z.enum(['skip', 'refuse']),
  config: resolvedSchema.nullable(), // of the run, with the files where they are now
  files: z.array(parentSchema), // of the run, with their hashes
})
export type MixRequest = z.infer<typeof mixRequestSchema>

/** As it was opened. */
export const mixOpenedSchema = z.object({
  session: z.number(),
  grouping: z.enum(['tensor', 'layer', 'scalar']),
  groups: z.array(z.string()), // the columns
  vectors: z.array(z.string()), // the rows of the start
  own: mixCoefficientsSchema, // of the recipe
  images: z.array(z.number()), // of each task
  instant: z.boolean(), // features are at hand: nothing goes through the model any more
})
export type MixOpened = z.infer<typeof mixOpenedSchema>

/** What was seen of a mix so far, task by task. */
export const mixScoresSchema = z.object({
  type: z.literal('scores'),
  tasks: z.array(z.object({ images: z.number(), correct: z.number() })),
  done: z.boolean(), // of all images
})
export type MixScores = z.infer<typeof mixScoresSchema>

/** One at a time in the engine; any other work there ends it. */
export const mixContract = {
  open: oc.input(mixRequestSchema).output(told(mixOpenedSchema)),
  /** Ends without a word where a newer one was asked for. Throws run-state where the session is over. */
  score: oc
    .input(z.object({ session: z.number(), seq: z.number(), coefficients: mixCoefficientsSchema }))
    .output(eventIterator(mixScoresSchema)),
  close: oc.output(z.object({ closed: z.boolean() })),
}

const ofRun = z.object({ run: runIdSchema })
const ofMerge = z.object({ merge: mergeAskedSchema, tasks: tasksSchema })
/** The model after a run's last accepted iteration, or a merge that is being composed, with tasks to measure it on. */
export const wantedMixSchema = z.union([ofRun, ofMerge])
export type WantedMix = z.infer<typeof wantedMixSchema>

const share = z.number().nullable()
const taskSchema = z.object({
  name: z.string(),
  images: z.number(),
  aim: z.enum(['learn', 'forget', 'keep']),
  own: share, // accuracy of the run's own coefficients on these images
  pretrained: share,
  reference: share, // of the task's fine-tuned model
})
export type MixTask = z.infer<typeof taskSchema>

const openedSchema = mixOpenedSchema.omit({ images: true }).extend({
  type: z.literal('opened'),
  name: z.string(),
  split: z.enum(mixSplits),
  tasks: z.array(taskSchema),
  control: z.enum(['restart', 'random']).nullable(), // how iterations are meant, where not as those of DV-BASI
})
export type OpenedMix = z.infer<typeof openedSchema>

const closings = ['idle', 'elsewhere', 'lost'] as const
const eventSchema = z.discriminatedUnion('type', [
  progressSchema,
  z.object({ type: z.literal('waiting'), for: z.string() }), // what has the engine
  openedSchema,
  /** idle: nothing was asked for a while; elsewhere: another window opened one; lost: the engine ended under it. */
  z.object({ type: z.literal('closed'), why: z.enum(closings) }),
])
export type MixEvent = z.infer<typeof eventSchema>

export const mixApi = {
  /**
   * Open as long as somebody listens. It has the engine only while nothing else wants it: it waits behind whatever is
   * at work, gives way to whatever begins, and is opened again by itself afterwards.
   */
  open: oc.input(wantedMixSchema).output(eventIterator(eventSchema)),
  /** Ends without a word where a newer one was asked for, or the session is over. */
  score: oc
    .input(z.object({ session: z.number(), coefficients: mixCoefficientsSchema }))
    .output(eventIterator(mixScoresSchema)),
  /** A job of the queue that writes the model with its recipe; null: the person closed the dialog. */
  export: oc
    .input(
      z.object({
        of: wantedMixSchema,
        grouping: mixOpenedSchema.shape.grouping,
        groups: mixOpenedSchema.shape.groups,
        coefficients: mixCoefficientsSchema,
        measured: z.string().max(2000), // in words, for its card
        form: formSchema,
      }),
    )
    .output(z.object({ job: z.number() }).nullable()),
}
