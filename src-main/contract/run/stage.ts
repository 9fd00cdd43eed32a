// One stage of a run with everything filled in, as a run stores it.
import { z } from 'zod'

import { methodNames } from '../methods/lookup.ts'
import { clamp, combinations, count, norm, schedules } from './stage-fields.ts'

export const stageSettings = z.object({
  method: z.enum([...methodNames('start'), ...methodNames('iteration')]),
  steps: count.nullable(),
  epochs: count.nullable(),
  initialCoefficient: z.number(),
  learningRate: z.number(),
  weightDecay: z.number(),
  clipNorm: z.number().nullable(),
  patience: z.number().nullable(),
  // not in runs of 0.1.0:
  clamp: clamp.default(null),
  penaltyNorm: norm.default(null),
  penaltyStrength: z.number().default(0),
  combine: z.enum(combinations).default('sum'),
  schedule: z.enum(schedules).default('none'),
  budget: count.nullable().default(null),
  klWeight: z.number().default(1),
  priorDeviation: z.number().default(1),
  priorInclusion: z.number().default(0.1),
  gate: z.number().default(1),
})
export type StageSettings = z.infer<typeof stageSettings>
