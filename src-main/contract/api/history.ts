// Backups of the history, and bringing back what can be read of a damaged one.
import { oc } from '@orpc/contract'
import { z } from 'zod'

/** One run, study, evaluation or row of a library, by its number or path. */
const thingSchema = z.object({ what: z.string(), key: z.string(), from: z.string() }) // from: the file that has it
export type Thing = z.infer<typeof thingSchema>

const salvagedSchema = z.object({
  taken: z.array(thingSchema), // brought back
  different: z.array(thingSchema), // the history has another of that number, which stays; so does the file
  // damaged or there in part, and whole nowhere: left as it is, here or in the file that was set aside
  lost: z.array(thingSchema),
  skipped: z.array(z.object({ file: z.string(), why: z.string() })), // files that nothing could be taken from
  before: z.string().nullable(), // a copy of the history as it was, where damaged rows gave way
})
export type Salvaged = z.infer<typeof salvagedSchema>

const backupSchema = z.object({
  file: z.string(),
  made: z.string(), // ISO 8601, UTC
  bytes: z.number(),
  kind: z.enum(['daily', 'unsound', 'before a migration']),
})
export type Backup = z.infer<typeof backupSchema>

export const historyApi = {
  backups: oc.output(z.array(backupSchema)), // newest first, unsound ones last
  /** Made now; a history without a run has none. Gives the list as it is then. Refused while work goes on. */
  backUp: oc.output(z.array(backupSchema)),
  /** Refused while a run, a study or a library's scan is at work. */
  salvage: oc.output(salvagedSchema),
}
