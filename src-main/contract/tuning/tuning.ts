// What is known of a fine-tuning: what the engine tells while it works, and what history keeps.
import { z } from 'zod'

import { sha256Schema } from '../branded.ts'
import { splitManifestSchema } from '../data/manifest.ts'
import { errorSchema } from '../errors.ts'
import { engineInfoSchema } from '../run/engine-info.ts'
import { memorySchema } from '../run/pulse.ts'
import { exportedSchema } from '../run/recipe.ts'
import { parentSchema, progressSchema, runStates } from '../run/run.ts'
import { towerSettingsSchema } from '../tower.ts'
import { resolvedTuningSchema } from './config.ts'

/** One update. Steps count from 0: the state after step s has s + 1 of them. */
export const tuningStepSchema = z.object({
  step: z.number(),
  loss: z.number(), // mean over the batch, without what a kind adds
  penalty: z.number().optional(), // what it adds, as it counts
  norm: z.number(), // of the whole gradient, before it is clipped
  rate: z.number(), // the learning rate of this step
  images: z.number(),
  seconds: z.number(), // of this step
})
export type TuningStep = z.infer<typeof tuningStepSchema>

/** A state looked at: on validation data where there is some. */
export const tuningLookSchema = z.object({
  steps: z.number(), // done by then
  epoch: z.number(), // passes done, in full or in part
  loss: z.number().nullable(),
  accuracy: z.number().nullable(),
  best: z.boolean(), // the best so far; where nothing is looked at, every one
})
export type TuningLook = z.infer<typeof tuningLookSchema>

/** What a fine-tuning takes and how long it is, before its first step. */
export const tuningPlanSchema = z.object({
  steps: z.number(),
  stepsPerEpoch: z.number(),
  parameters: z.number(), // of the tower
  learned: z.number(), // numbers that are learned
  images: z.object({ training: z.number(), validation: z.number(), test: z.number(), others: z.number() }),
  memoryBytes: z.number(), // estimate of the engine's peak
  checkpointBytes: z.number(), // of one state on disk, of which three are kept at most
  tower: towerSettingsSchema,
  notes: z.array(z.string()),
  warnings: z.array(z.string()),
})
export type TuningPlan = z.infer<typeof tuningPlanSchema>

const opened = tuningPlanSchema.extend({
  type: z.literal('opened'),
  engine: engineInfoSchema,
  parents: z.array(parentSchema),
  from: z.number(), // steps done before this sitting
})
const finished = z.object({
  type: z.literal('finished'),
  stopped: z.boolean(), // ended before its last step, as somebody asked or patience ran out
  steps: z.number(),
  split: z.enum(['training', 'validation', 'test']), // that the accuracy is of
  accuracy: z.number(),
  pretrained: z.number(), // accuracy of theta_pre on the same images
  seconds: z.number(),
  dataWaitSeconds: z.number(),
})

/** What the engine says while it works. */
export const tuningEngineEventSchema = z.discriminatedUnion('type', [
  opened,
  progressSchema,
  z.object({ type: z.literal('opening'), task: z.string(), images: z.string() }),
  z.object({ type: z.literal('data'), data: splitManifestSchema }),
  z.object({ type: z.literal('note'), text: z.string() }),
  tuningStepSchema.extend({ type: z.literal('step') }),
  tuningLookSchema.extend({ type: z.literal('look') }),
  /** A state is on disk: after a crash it goes on from there. */
  z.object({ type: z.literal('state'), steps: z.number(), bytes: z.number() }),
  z.object({ type: z.literal('micro-batch'), from: z.number(), to: z.number(), why: z.string() }),
  z.object({ type: z.literal('memory'), memory: memorySchema }),
  finished,
  exportedSchema.extend({ type: z.literal('written'), adapter: z.string().nullable() }), // after "finished"
])
export type TuningEngineEvent = z.infer<typeof tuningEngineEventSchema>

const id = z.number().int()
export const tuningSummarySchema = z.object({
  tuning: id,
  name: z.string(),
  kind: z.string(),
  task: z.string(),
  state: z.enum(runStates),
  seed: z.number(),
  created: z.string(), // ISO 8601, UTC
  ended: z.string().nullable(),
  seconds: z.number(), // over all sittings
  steps: z.number(), // done and kept
  of: z.number().nullable(), // once it is opened
  accuracy: z.number().nullable(),
  model: z.string().nullable(), // the file that it became
  error: errorSchema.nullable(),
})
export type TuningSummary = z.infer<typeof tuningSummarySchema>

export const tuningDetailSchema = tuningSummarySchema.extend({
  config: resolvedTuningSchema,
  plan: tuningPlanSchema.nullable(),
  engines: z.array(engineInfoSchema), // more than one: it went on in another, and its last digits are of both
  parents: z.array(parentSchema),
  data: z.array(splitManifestSchema),
  curve: z.array(tuningStepSchema),
  looks: z.array(tuningLookSchema),
  notes: z.array(z.string()),
  finished: finished.omit({ type: true }).nullable(),
  sha256: sha256Schema.nullable(), // of the model
})
export type TuningDetail = z.infer<typeof tuningDetailSchema>

const tuning = id

/** What is told of one as it goes: to a terminal as one line of JSON each, to a window as a stream. */
export const tuningEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('started'), tuning, name: z.string(), resumed: z.boolean() }),
  ...tuningEngineEventSchema.options.map((option) => option.extend({ tuning })),
  z.object({ type: z.literal('engine-lost'), tuning, error: errorSchema, restarting: z.boolean() }),
  /** It does not answer; null: it does again. */
  z.object({ type: z.literal('engine-silent'), tuning, error: errorSchema.nullable() }),
  z.object({
    type: z.literal('ended'),
    tuning,
    state: z.enum(['cancelled', 'interrupted', 'failed']),
    error: errorSchema.nullable(),
  }),
  z.object({
    type: z.literal('done'),
    tuning,
    model: z.string(),
    adapter: z.string().nullable(),
    accuracy: z.number(),
    split: finished.shape.split,
    steps: z.number(),
    seconds: z.number(),
  }),
])
export type TuningEvent = z.infer<typeof tuningEventSchema>
