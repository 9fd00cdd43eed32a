// Backups of the history, and bringing back what can be read of a damaged one.
import { oc } from '@orpc/contract'
import { z } from 'zod'

import { errorSchema } from '../errors.ts'

/** One run, study, evaluation or row of a library, by its number or path. */
const thingSchema = z.object({ what: z.string(), key: z.string(), from: z.string() }) // from: the file that has it
export type Thing = z.infer<typeof thingSchema>

const salvagedSchema = z.object({
  taken: z.array(thingSchema), // brought back
  // of these, runs that nothing shows a gap in, though how many rows they had is lost: some may be missing
  unsure: z.array(thingSchema),
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
  kind: z.enum(['daily', 'unsound', 'before a migration', 'replaced']), // replaced: another took its place
})
export type Backup = z.infer<typeof backupSchema>

const contentsSchema = z.object({
  file: z.string(),
  runs: z.number(),
  newest: z.string().nullable(), // when its newest run was made, ISO 8601, UTC
})
export type Contents = z.infer<typeof contentsSchema>

const restoredSchema = z.object({
  at: z.string(), // ISO 8601, UTC
  file: z.string(), // that was put in the place of the history
  before: z.string().nullable(), // what the history from before is kept as; null: it is where it was
  error: errorSchema.nullable(), // why it was not
})
export type Restored = z.infer<typeof restoredSchema>

const file = z.object({ file: z.string().min(1).max(4096) })

export const historyApi = {
  backups: oc.output(z.array(backupSchema)), // newest first, unsound ones last
  /** Made now; a history without a run has none. Gives the list as it is then. Refused while work goes on. */
  backUp: oc.output(z.array(backupSchema)),
  /** Refused while a run, a study or a library's scan is at work. */
  salvage: oc.output(salvagedSchema),
  /** What is in a backup, and in the history that it would take the place of. Throws where it is none. */
  contents: oc.input(file).output(z.object({ backup: contentsSchema, present: contentsSchema })),
  /**
   * A backup takes the place of the history, which is kept. Refused while anything is at work. What came of it is told
   * by restored, behind a loss of the connection.
   */
  restore: oc.input(file).output(z.object({ begun: z.literal(true) })),
  /** The last one since Basil was started. */
  restored: oc.output(restoredSchema.nullable()),
}
