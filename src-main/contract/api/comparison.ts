// Whether runs differ by more than chance: each run against the first one, on the tasks that both measured, and image by
// image where an evaluation had both on the same images.
import { oc } from '@orpc/contract'
import { z } from 'zod'

import { runIdSchema } from '../branded.ts'

const imagesSchema = z.object({
  evaluation: z.number(),
  task: z.string(),
  onlyFirst: z.number(),
  onlySecond: z.number(),
  p: z.number(),
})

const pairedSchema = z.object({
  run: runIdSchema,
  tasks: z.number(), // that both measured on the same split
  difference: z.number().nullable(), // mean accuracy over them, minus the first run's
  interval: z.tuple([z.number(), z.number()]).nullable(), // Student's, at 95 %
  p: z.number().nullable(), // of the paired t-test over tasks
  why: z.string(), // there is no p; '' where there is one
  images: z.array(imagesSchema), // McNemar's test of this run and the first
})
export type Paired = z.infer<typeof pairedSchema>

export const comparisonApi = {
  paired: oc.input(z.object({ runs: z.array(runIdSchema).min(2).max(64) })).output(z.array(pairedSchema)),
}
