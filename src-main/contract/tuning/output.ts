// How the model of a fine-tuning is written, and all that the engine is asked for one.
import { z } from 'zod'

import { formSchema } from '../checkpoint.ts'
import { parentSchema } from '../run/run.ts'
import { resolvedTuningSchema } from './config.ts'

/**
 * convention: into a folder as the field's programs leave them, OUT/MODEL/TASKVal/{finetuned,zeroshot}.pt, with
 * head_TASKVal.pt and ft_accuracies.json; its form is theirs, whatever is said here.
 */
export const tuningOutputSchema = z.object({
  out: z.string().nullable().default(null), // a file, or that folder; null: among the data folder's models
  form: formSchema.prefault({}),
  convention: z.boolean().default(false),
})
export type TuningOutput = z.infer<typeof tuningOutputSchema>

/** states: the folder of its states. parents: of an earlier sitting, whose files must be the same. */
export const tuneSchema = z.object({
  config: resolvedTuningSchema,
  states: z.string(),
  parents: z.array(parentSchema),
  output: tuningOutputSchema.extend({ out: z.string() }),
})
export type Tune = z.infer<typeof tuneSchema>
