// Configurations that a person opens, with the folder their paths are relative to, and what lies at a place the person
// named.
import { oc } from '@orpc/contract'
import { z } from 'zod'

import { runIdSchema } from '../branded.ts'
import { configSchema } from '../run/config.ts'

/** Where it came from, so that it can be opened again. text: dropped, without a folder of its own. */
export const originSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('sample') }),
  z.object({ kind: z.literal('file'), path: z.string() }),
  z.object({ kind: z.literal('run'), run: runIdSchema }),
  z.object({ kind: z.literal('library') }), // models of the library and data sets alone
])

/** A configuration the person opened, with the folder its paths are relative to. */
export const projectSchema = z.object({
  grant: z.string(), // id of the opened folder
  name: z.string(),
  folder: z.string(), // shown, never sent back
  origin: originSchema,
  config: configSchema,
  presets: z.array(z.object({ name: z.string(), config: configSchema })), // other configurations in the same folder
})
export type Project = z.infer<typeof projectSchema>

const recognisedSchema = z.object({
  kind: z.enum([
    'configuration',
    'study',
    'mergekit',
    'exported',
    'checkpoint',
    'checkpoints',
    'data',
    'both',
    'nothing',
  ]),
  words: z.string(), // "a checkpoint", "a PDF document"
  path: z.string(), // from the root
  recipe: z.string().nullable(), // of an exported model
})
export type Recognised = z.infer<typeof recognisedSchema>

const path = z.object({ path: z.string().min(1).max(4096) })

export const projectsApi = {
  sample: oc.output(projectSchema),
  /** Throws config-invalid, where it is none, with its place and what it is instead. */
  open: oc.input(path).output(projectSchema),
  /** Electron's own dialog; null when the person closes it. */
  pick: oc.output(projectSchema.nullable()),
  /** The text of a configuration, whose place nobody can tell: its paths have to be known ones. */
  take: oc.input(z.object({ name: z.string().max(255), text: z.string().max(2 ** 20) })).output(projectSchema),
  /** What lies there. */
  recognise: oc.input(path).output(recognisedSchema),
  /** Those of these files that are not there any more. */
  missing: oc.input(z.object({ paths: z.array(z.string().max(4096)).max(50) })).output(z.array(z.string())),
  /** Files of the library and data sets alone, by their absolute paths: a run without a project. */
  library: oc.output(z.object({ grant: z.string() })),
  /** The files of a run may be used again, by their absolute paths, also when its configuration is not open any more. */
  ofRun: oc.input(z.object({ run: runIdSchema })).output(z.object({ grant: z.string() })),
}
