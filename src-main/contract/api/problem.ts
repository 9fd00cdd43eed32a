// What is packed to report a problem: shown as it is before it is written.
import { oc } from '@orpc/contract'
import { z } from 'zod'

import { runIdSchema } from '../branded.ts'

const entrySchema = z.object({ name: z.string(), bytes: z.number(), text: z.string() })
export type ReportEntry = z.infer<typeof entrySchema>

const preparedSchema = z.object({ report: z.number(), entries: z.array(entrySchema) })
export type PreparedReport = z.infer<typeof preparedSchema>

export const problemApi = {
  /** Versions, what doctor says, the log and the record of a run, without home folder and name of the person. */
  prepare: oc.input(z.object({ run: runIdSchema.nullable() })).output(preparedSchema),
  /** Writes what was shown, and nothing else; null: the dialog was closed. Throws run-state where it is no more. */
  save: oc
    .input(z.object({ report: z.number() }))
    .output(z.object({ file: z.string(), download: z.string().nullable() }).nullable()),
}
