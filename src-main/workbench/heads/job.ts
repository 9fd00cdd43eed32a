// What is asked for of a head, as its job keeps it: what the engine is asked, but for the file it is to write.
import { z } from 'zod'

import { headImportSchema, headRequestSchema, probeRequestSchema } from '../../contract/api/heads.ts'

const unwritten = { out: true } as const

/** Where it is written is decided when it begins, as another head may have taken the name meanwhile. */
export const headJobSchema = z.discriminatedUnion('how', [
  z.object({ how: z.literal('made'), name: z.string(), request: headRequestSchema.omit(unwritten) }),
  z.object({ how: z.literal('imported'), name: z.string(), request: headImportSchema.omit(unwritten) }),
  z.object({ how: z.literal('fitted'), name: z.string(), request: probeRequestSchema.omit(unwritten) }),
])
export type HeadJob = z.infer<typeof headJobSchema>
