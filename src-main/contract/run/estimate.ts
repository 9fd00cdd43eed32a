// How long a run will take, before it begins, and what that is known from: an earlier run on this engine, a probe of
// this very configuration, or, roughly, the trial of the engine.
import { z } from 'zod'

export const estimateSchema = z.object({
  seconds: z.number(),
  from: z.enum(['run', 'probe', 'trial']),
  run: z.number().nullable(), // the run it is known from
})
export type Estimate = z.infer<typeof estimateSchema>

/** What the runs of a study take, one after the other. */
export const takenSchema = z.object({
  runs: z.number(),
  done: z.number(), // of them, that the history has already with the same settings and seed; they are computed anew
  estimate: estimateSchema.nullable(), // null: nothing is known of it on this machine
  memoryBytes: z.number().nullable(), // of the largest; null: there is no run
  diskBytes: z.number().nullable(), // that they keep in the history, about; null: not known
  diskFree: z.number().nullable(),
})
export type Taken = z.infer<typeof takenSchema>
