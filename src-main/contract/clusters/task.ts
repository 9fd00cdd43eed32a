// A task of a study on a cluster: one run, in a folder of its own.
//   spec.json          what is to be done, with the paths of there
//   events-0000.jsonl  what a sitting's engine said, a line each, led by its CRC-32; the next sitting's is events-0001
//   state.json         what it is at, a hint
//   result.json        how it ended; written last, at once, and the truth
// The log of events is what a run is resumed from, and what its history is made of here: each event is kept by the same
// page that keeps those of an engine of this machine.
import { z } from 'zod'

import { sha256Schema } from '../branded.ts'
import { errorSchema } from '../errors.ts'
import { resolvedSchema } from '../run/config.ts'
import { engineEventSchema } from '../run/run.ts'

export const specSchema = z.object({
  basil: z.literal('task'),
  version: z.literal(1),
  study: z.string(), // its folder's name
  index: z.number().int().min(0),
  config: resolvedSchema,
})
export type TaskSpec = z.infer<typeof specSchema>

/** Who works on it, from where on: the first line of a log, and again where its engine was lost. */
export const sittingSchema = z.object({
  type: z.literal('sitting'),
  at: z.string(), // ISO 8601, UTC, by the clock of there
  basil: z.string(), // version
  host: z.string(),
  job: z.string().nullable(), // "12_3"; null: no scheduler
  restarts: z.number().int(), // of that job
  gpus: z.string().nullable(), // that the scheduler gave it
  after: z.object({ stage: z.number(), epoch: z.number() }).nullable(), // null: from the beginning
})
export type Sitting = z.infer<typeof sittingSchema>

export const taskLineSchema = z.discriminatedUnion('type', [sittingSchema, ...engineEventSchema.options])
export type TaskLine = z.infer<typeof taskLineSchema>

export const taskStateSchema = z.object({
  what: z.string(),
  at: z.string(),
  host: z.string(),
  job: z.string().nullable(),
})
export type TaskState = z.infer<typeof taskStateSchema>

export const resultSchema = z.object({
  basil: z.literal('result'),
  version: z.literal(1),
  index: z.number().int(),
  state: z.enum(['done', 'stopped', 'failed']),
  error: errorSchema.nullable(),
  /** All of its logs, in order. */
  files: z.array(
    z.object({ name: z.string(), lines: z.number().int(), bytes: z.number().int(), sha256: sha256Schema }),
  ),
  ended: z.string(),
  host: z.string(),
  job: z.string().nullable(),
  gpus: z.string().nullable(),
  seconds: z.number(), // of its last sitting, by the clock of there
})
export type TaskResult = z.infer<typeof resultSchema>

export const taskFolder = (index: number): string => String(index).padStart(4, '0')
export const eventsFile = (sitting: number): string => `events-${String(sitting).padStart(4, '0')}.jsonl`
export const isEventsFile = (name: string): boolean => /^events-\d{4,}\.jsonl$/.test(name)

/**
 * Exit codes of a task: it has more to do and may be queued again; it could not keep what it did; or its engine was
 * killed, which is said as a shell says it of SIGKILL.
 */
export const exits = { done: 0, failed: 1, goesOn: 85, cannotKeep: 74, killed: 137 } as const
