// What a merge will do, said before it is done and by headers alone: the fate of every tensor of every model, and what
// it takes.
import { z } from 'zod'

/**
 * merged; copied: equal in all, byte for byte; taken: the pre-trained model's; left out: of another model, and not in
 * what is written; refused: the merge does not begin.
 */
export const fates = ['merged', 'copied', 'taken', 'left out', 'refused'] as const

export const plannedSchema = z.object({
  tensor: z.string(), // as its file names it
  fate: z.enum(fates),
  why: z.string().nullable(),
  from: z.string().optional(), // the model it is of, where not the pre-trained one
  dtype: z.string(),
  shape: z.array(z.number()),
  bytes: z.number(),
})
export type Planned = z.infer<typeof plannedSchema>

/** Where rows are matched token by token: whose tokens are written, and what becomes of each model's. */
const vocabularyPlanSchema = z.object({
  source: z.string(), // "union", or the model whose tokenizer it is
  tokens: z.number(),
  models: z.array(
    z.object({
      model: z.string(),
      tokens: z.number(),
      shared: z.number(), // that it has and that are written
      added: z.number(), // that are written and it lacks: it is given rows for them
      dropped: z.number(), // that it has and that are not written
    }),
  ),
})
export type VocabularyPlan = z.infer<typeof vocabularyPlanSchema>

export const mergePlanSchema = z.object({
  tensors: z.array(plannedSchema),
  bytesRead: z.number(), // once; what a method must know of whole models first is read once more
  bytesWritten: z.number(),
  peakBytes: z.number(), // of memory
  seconds: z.number().nullable(), // by the rate of this machine's last merge; null: there was none
  vocabulary: vocabularyPlanSchema.optional(),
  files: z.number(), // written, without configuration and tokenizer
})
export type MergePlan = z.infer<typeof mergePlanSchema>
