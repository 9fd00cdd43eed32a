// How a run goes on while it goes on: told a few times a second, and never kept. What the engine's process measures of
// itself (how fast, how much memory), and what happened, as a log of sentences.
import { z } from 'zod'

/** Seconds are means in which what is recent weighs most; null until there was one. */
export const paceSchema = z.object({
  stage: z.number(),
  step: z.number(), // of the stage, done so far
  stepSeconds: z.number().nullable(), // a step of learning
  imageSeconds: z.number().nullable(), // an image that a whole model is measured on
  measuring: z.object({ done: z.number(), of: z.number() }).nullable(), // images, of a model measured just now
})
export type PaceRecord = z.infer<typeof paceSchema>

export const memorySchema = z.object({
  process: z.number(), // resident bytes of the engine's process, its threads in it
  device: z.object({ bytes: z.number(), of: z.number().nullable() }).nullable(), // null: the engine does not know
})
export type MemoryRecord = z.infer<typeof memorySchema>

export const pulseSchema = z.object({
  type: z.literal('pulse'),
  pace: paceSchema,
  memory: memorySchema,
  remainingSeconds: z.number().nullable(), // for all that is left, the closing evaluation too
})
export type Pulse = z.infer<typeof pulseSchema>

export const logEntrySchema = z.object({
  at: z.string().nullable(), // ISO 8601, UTC; null: in an earlier sitting
  what: z.string(),
})
export type LogEntry = z.infer<typeof logEntrySchema>
