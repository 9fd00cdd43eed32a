// How long a run will take, before it begins, and what that is known from: an earlier run on this engine, a probe of
// this very configuration, or, roughly, the trial of the engine.
import { z } from 'zod'

export const estimateSchema = z.object({
  seconds: z.number(),
  from: z.enum(['run', 'probe', 'trial']),
  run: z.number().nullable(), // the run it is known from
})
export type Estimate = z.infer<typeof estimateSchema>
