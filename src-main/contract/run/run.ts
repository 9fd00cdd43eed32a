// What is known of a run: what the engine tells while it works, and what history keeps.
// A stage is one stretch of learning: stage 0 is the start (task arithmetic, aTLAS or a checkpoint), stages 1..M are
// the DV-BASI iterations. A stage's coefficient table is (vectors x blocks); an iteration has one vector, the
// difference vector.
import { z } from 'zod'

import { runIdSchema, sha256Schema } from '../branded.ts'
import { leakSchema } from '../data/leaks.ts'
import { splitManifestSchema } from '../data/manifest.ts'
import { errorSchema } from '../errors.ts'
import { resolvedSchema } from './config.ts'
import { engineInfoSchema } from './engine-info.ts'
import { posteriorSchema } from './posterior.ts'
import { logEntrySchema, pulseSchema } from './pulse.ts'

const table = z.array(z.array(z.number()))
export type CoefficientTable = number[][]

export const parentSchema = z.object({
  role: z.enum(['pretrained', 'vector', 'finetuned', 'data', 'statistics']),
  file: z.string(), // absolute path
  name: z.string(), // file name
  bytes: z.number(),
  sha256: sha256Schema,
})
export type Parent = z.infer<typeof parentSchema>

/**
 * One task on one split. relativeAccuracy = accuracy / accuracy of the task's own fine-tuned model; null where that is
 * unknown.
 */
export const taskScoreSchema = z.object({
  task: z.string(),
  loss: z.number(),
  accuracy: z.number(),
  relativeAccuracy: z.number().nullable(),
})
export type TaskScore = z.infer<typeof taskScoreSchema>

const splits = ['training', 'validation', 'test'] as const
const models = ['pretrained', 'finetuned', 'start', 'iteration'] as const

/** A model of the run on a split. stage counts from 0 (start); for pretrained and finetuned it is null. */
export const evaluationSchema = z.object({
  split: z.enum(splits),
  model: z.enum(models),
  stage: z.number().nullable(),
  tasks: z.array(taskScoreSchema),
})
export type Evaluation = z.infer<typeof evaluationSchema>

/** Everything needed to go on after the last epoch, to the same bits. */
export const resumeSchema = z.object({
  stage: z.number(),
  epoch: z.number(),
  step: z.number(),
  coefficients: table, // the present ones
  firstMoment: table, // AdamW
  secondMoment: table,
  losses: z.array(z.number()), // of this stage so far, one a step
  still: z.number(), // the selection metric with the stage's coefficients at 0, or at its start
  best: z.object({ step: z.number(), metric: z.number(), coefficients: table }),
  sinceBest: z.number(), // epochs without improvement
  completed: z.array(table), // chosen coefficients of the stages before this one
  microBatch: z.number().nullable(), // images held at a time by then; null: as configured
})
export type ResumeState = z.infer<typeof resumeSchema>

// MGDA's last step of an epoch: how tasks' gradients were weighed, and the norm of what came out, 0 where no step helps all
const paretoSchema = z.object({ weights: z.array(z.number()), residual: z.number() })

/**
 * Without labels a model may come to take all images for one class: which tasks' it nearly does, and the share of them.
 */
const collapseSchema = z.array(z.object({ task: z.string(), share: z.number() }))

const epochSchema = z.object({
  stage: z.number(),
  epoch: z.number(), // from 0, the state before the first step
  step: z.number(), // optimiser steps of this stage so far
  losses: z.array(z.number()), // one a step of this epoch
  gradients: z.array(z.number()).optional(), // their gradients' norms, where they were told
  metric: z.number(), // the selection metric of this state
  best: z.boolean(), // whether this state is the stage's best so far
  tasks: z.array(taskScoreSchema), // on the selection split
  pareto: paretoSchema.optional(), // where tasks are combined by mgda
  collapse: collapseSchema.optional(),
  coefficients: table,
  posterior: posteriorSchema.optional(), // where the method learns one
  seconds: z.number(), // spent since the run began or was resumed, by the engine's clock
  remainingSeconds: z.number().nullable(), // estimate for all that is left
})
export type EpochRecord = z.infer<typeof epochSchema>

const stageSchema = z.object({
  stage: z.number(),
  kind: z.enum(['start', 'iteration']),
  method: z.string(),
  vectors: z.array(z.string()), // names of the task vectors, or "difference vector"
  epochsPlanned: z.number(),
  stepsPerEpoch: z.number(),
})
export type StageRecord = z.infer<typeof stageSchema>

const stageEndSchema = z.object({
  stage: z.number(),
  accepted: z.boolean(), // false: nothing beat the stage's own start, so nothing changed
  best: z.number(), // step of the chosen state
  still: z.number(), // the selection metric of the stage's own start
  metric: z.number(), // of the chosen state
  coefficients: table, // chosen; all 0 for an iteration that was not accepted
  losses: z.array(z.number()), // before each step, and after the last where it was measured
})
export type StageEnd = z.infer<typeof stageEndSchema>

const openedSchema = z.object({
  type: z.literal('opened'),
  engine: engineInfoSchema,
  blocks: z.array(z.string()), // coefficient names in order: tensors, layers or "all"
  parents: z.array(parentSchema),
  parameters: z.number(),
  images: z.array(
    z.object({ task: z.string(), classes: z.number(), training: z.number(), validation: z.number(), test: z.number() }),
  ),
  notes: z.array(z.string()).optional(), // of the models, as the check before the run told them
  warnings: z.array(z.string()).optional(), // what may make every number wrong
})
/** A split was opened: which images it is, which of them cannot be read, and which are in a split opened before. */
const dataSchema = z.object({ type: z.literal('data'), data: splitManifestSchema })
/** Test data of a task is about to be opened, with its labels. */
const openingSchema = z.object({ task: z.string(), images: z.string() })
const testOpeningSchema = openingSchema.extend({ opened: z.string() }) // ISO 8601, UTC
export type TestOpening = z.infer<typeof testOpeningSchema>

/** Seconds that a run waited for pixels, of so many in all, in the sitting that finished it. */
const dataWaitSchema = z.object({ seconds: z.number(), of: z.number() })
export type DataWait = z.infer<typeof dataWaitSchema>

export const progressSchema = z.object({
  type: z.literal('progress'),
  what: z.string(),
  done: z.number(),
  total: z.number(),
  remainingSeconds: z.number().optional(), // of this piece of work, where that can be told
  whole: z.object({ done: z.number(), total: z.number() }).optional(), // of this piece and those like it, in any unit
})
export type Progress = z.infer<typeof progressSchema>

/** Memory ran out: from here on fewer images are held at a time, which changes the result by rounding alone. */
const halvingSchema = z.object({ from: z.number(), to: z.number(), why: z.string() })
export type Halving = z.infer<typeof halvingSchema>

/** Iterations that were not run, as the difference vector they would scale is 0, or too small to move a weight. */
const skippedSchema = z.object({ first: z.number(), last: z.number(), why: z.enum(['zero', 'rounding']) })

/** What the engine says while it works on a run. Each "epoch" carries the state to resume from. */
export const engineEventSchema = z.discriminatedUnion('type', [
  openedSchema,
  progressSchema,
  openingSchema.extend({ type: z.literal('opening') }),
  dataSchema,
  z.object({ type: z.literal('evaluation'), evaluation: evaluationSchema }),
  stageSchema.extend({ type: z.literal('stage') }),
  epochSchema.extend({ type: z.literal('epoch'), resume: resumeSchema }),
  stageEndSchema.extend({ type: z.literal('stage-end') }),
  skippedSchema.extend({ type: z.literal('skipped') }),
  halvingSchema.extend({ type: z.literal('micro-batch') }),
  pulseSchema,
  z.object({
    type: z.literal('finished'),
    stopped: z.boolean(),
    seconds: z.number(),
    dataWaitSeconds: z.number().optional(), // of these, waited for pixels
  }),
])
export type EngineEvent = z.infer<typeof engineEventSchema>

// waiting, paused: in the queue, or held there, for the first time or again; a row never holds these
export const runStates = [
  'waiting',
  'paused',
  'running',
  'interrupted',
  'stopped',
  'cancelled',
  'failed',
  'done',
] as const
export type RunState = (typeof runStates)[number]

export const runSummarySchema = z.object({
  run: runIdSchema,
  name: z.string(),
  method: z.string(),
  objective: z.string(),
  grouping: z.string(), // tensor, layer or scalar
  linearised: z.boolean(),
  state: z.enum(runStates),
  seed: z.number(),
  created: z.string(), // ISO 8601, UTC
  ended: z.string().nullable(),
  seconds: z.number(), // engine time, over all sittings
  iterationsPlanned: z.number(),
  iterationsDone: z.number(),
  accuracy: z.number().nullable(), // mean over tasks of the final evaluation, those to forget left out
  relativeAccuracy: z.number().nullable(),
  engine: z.string().nullable(),
  error: errorSchema.nullable(),
  leaks: z.array(leakSchema), // the mark of a run whose test images were seen before; empty where it is not known
})
export type RunSummary = z.infer<typeof runSummarySchema>

/** A stage with its end and its epochs. Until it has ended, coefficients are the best so far. */
const stageDetailSchema = stageSchema.extend({
  ended: z.boolean(),
  accepted: z.boolean(),
  best: z.number(),
  still: z.number().nullable(),
  metric: z.number().nullable(),
  coefficients: table,
  posterior: posteriorSchema.optional(), // of that state
  losses: z.array(z.number()),
  epochs: z.array(epochSchema.omit({ coefficients: true, posterior: true })),
})
export type StageDetail = z.infer<typeof stageDetailSchema>

/**
 * An engine that computed a run, from where it took over: after this epoch of this stage, or from the beginning (null).
 */
const engineShareSchema = z.object({
  engine: engineInfoSchema,
  after: z.object({ stage: z.number(), epoch: z.number() }).nullable(),
})
export type EngineShare = z.infer<typeof engineShareSchema>

export const runDetailSchema = runSummarySchema.extend({
  blocks: z.array(z.string()), // coefficient names in order
  start: stageDetailSchema.nullable(),
  iterations: z.array(stageDetailSchema),
  forgotten: z.number().optional(), // mean accuracy of the tasks to forget, which no other mean counts
  skipped: skippedSchema.optional(), // of the iterations above, those that are missing for good
  config: resolvedSchema,
  engineInfo: engineInfoSchema.nullable(),
  // more than one: the run went on in another engine, and its last digits are of both
  engines: z.array(engineShareSchema),
  halvings: z.array(halvingSchema), // of the micro-batch, in order
  parents: z.array(parentSchema),
  parameters: z.number().nullable(),
  images: openedSchema.shape.images, // of each task, by split
  data: z.array(splitManifestSchema), // of each split that was opened; none in runs of 0.1.0
  openings: z.array(testOpeningSchema), // of test data
  dataWait: dataWaitSchema.nullable(),
  evaluations: z.array(evaluationSchema),
  evaluatedOn: z.enum(['test', 'training']).nullable(), // what tasks below were measured on
  tasks: z.record(z.string(), z.object({ accuracy: z.number(), relativeAccuracy: z.number().nullable() })),
  seeds: z.array(z.number()),
  damaged: z.array(errorSchema), // rows of the run whose checksum fails; nothing of them is shown here
  log: z.array(logEntrySchema).optional(), // what happened, its newest entries
  times: z.object({ created: z.string(), ended: z.string().nullable(), seconds: z.number() }),
})
export type RunDetail = z.infer<typeof runDetailSchema>

const run = runIdSchema

/**
 * What is told of a run as it goes: to a terminal as one line of JSON each, to a window as a stream. Only what is
 * committed is told.
 */
export const runEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('started'), run, name: z.string(), resumed: z.boolean() }),
  openedSchema.extend({ run, engines: runDetailSchema.shape.engines }),
  progressSchema.extend({ run }),
  testOpeningSchema.extend({ type: z.literal('opening'), run }),
  dataSchema.extend({ run, leaks: z.array(leakSchema) }),
  z.object({ type: z.literal('evaluation'), run, evaluation: evaluationSchema }),
  stageSchema.extend({ type: z.literal('stage'), run }),
  epochSchema.extend({ type: z.literal('epoch'), run }),
  stageEndSchema.extend({ type: z.literal('stage-end'), run }),
  skippedSchema.extend({ type: z.literal('skipped'), run }),
  halvingSchema.extend({ type: z.literal('micro-batch'), run }),
  pulseSchema.extend({ run }),
  z.object({ type: z.literal('engine-lost'), run, error: errorSchema, restarting: z.boolean() }),
  /** The engine does not answer, or a step of it does not end; null: that is over. */
  z.object({ type: z.literal('engine-silent'), run, error: errorSchema.nullable() }),
  z.object({
    type: z.literal('ended'),
    run,
    state: z.enum(['stopped', 'cancelled', 'interrupted', 'failed']),
    error: errorSchema.nullable(),
  }),
  z.object({
    type: z.literal('done'),
    run,
    tasks: runDetailSchema.shape.tasks,
    accuracy: z.number().nullable(),
    relativeAccuracy: z.number().nullable(),
    seconds: z.number(),
  }),
])
export type RunEvent = z.infer<typeof runEventSchema>
