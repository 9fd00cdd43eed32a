// What a person sets of Basil as a whole and is kept in the data folder for every door: how much of the machine it may
// take, how much of the disk its caches may, where exports go; and what is on the disk now.
import { oc } from '@orpc/contract'
import { z } from 'zod'

/** null: as Basil has it where nobody says. */
export const limitsSchema = z.object({
  threads: z.number().int().min(1).max(512).nullable().default(null),
  memoryGigabytes: z.number().min(1).max(65_536).nullable().default(null),
  cacheGigabytes: z.number().min(0).max(1_000_000).nullable().default(null),
  exports: z.string().min(1).max(4096).nullable().default(null), // a folder, absolute
})
export type Limits = z.infer<typeof limitsSchema>

/** Folders whose files can all be made again. */
export const clearable = ['images', 'features', 'unpacked', 'statistics'] as const
export type Clearable = (typeof clearable)[number]

const partSchema = z.object({
  name: z.enum([...clearable, 'history', 'backups', 'exports', 'tunings', 'engine', 'logs', 'other']),
  bytes: z.number(),
  files: z.number(),
})
export type DataPart = z.infer<typeof partSchema>

const settingsSchema = z.object({
  limits: limitsSchema,
  said: z.array(z.string()), // of the environment, which wins over what is set: BASIL_THREADS
  threads: z.number(), // of this machine
  memoryBytes: z.number(),
  cacheBytes: z.number(), // that the caches may take, together; as many again the statistics
  exports: z.string(), // the folder that exports go to
  dataFolder: z.string(),
  parts: z.array(partSchema),
})
export type SettingsShown = z.infer<typeof settingsSchema>

export const settingsApi = {
  /** Counts what the data folder holds. */
  show: oc.output(settingsSchema),
  /** What is given is kept. What the engine's process needs holds from its next start on; refused while work goes on. */
  choose: oc.input(limitsSchema.partial()).output(settingsSchema),
  /** Removes what can be made again; refused while work goes on. */
  clear: oc.input(z.object({ part: z.enum(clearable) })).output(settingsSchema),
}
