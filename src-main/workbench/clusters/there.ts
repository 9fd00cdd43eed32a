// What a study's job keeps of its place on a cluster, once it was handed over: enough to ask for it after a restart,
// whatever has become of the files here.
import { z } from 'zod'

import { towerSettingsSchema } from '../../contract/tower.ts'

export const thereSchema = z.object({
  folder: z.string(),
  name: z.string(), // of its jobs
  program: z.string(),
  paths: z.array(z.tuple([z.string(), z.string()])), // of here, of there
  towers: z.array(z.object({ pretrained: z.string(), tower: towerSettingsSchema.nullable() })),
})
export type There = z.infer<typeof thereSchema>

/** What a study's job is asked for. */
export const studyRequestSchema = z.object({ name: z.string(), there: thereSchema.nullable().default(null) })
