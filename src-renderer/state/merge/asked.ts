// What is asked of the workbench, of a draft as it stands: what was given, and nothing of what the method does not
// take. Pure.
import type { MergeAsked } from '../../../src-main/contract/api/merges.ts'
import { type Weight, weightSchema } from '../../../src-main/contract/merges/valued.ts'
import { type Draft, formOf } from './draft.ts'
import { looksOf } from './looking.ts'
import type { Stand } from './stand.ts'

/** null while something is wrong. */
export function askedOf(draft: Draft, stand: Stand): MergeAsked | null {
  if (stand.blocked !== null || stand.issues.size > 0) return null
  const { method, models, missing, name, place, shards, tokenizer } = draft
  const weights = models.map((id): Weight => weightSchema.safeParse(draft.weights[id]).data ?? 1)
  return {
    ...{ method, parameters: stand.parameters, form: formOf(draft), name, place },
    pretrained: stand.ofDifferences ? draft.pretrained : null,
    vectors: models,
    ...(stand.coefficients !== undefined && { coefficients: stand.coefficients }),
    ...(stand.takesWeights && weights.some((weight) => weight !== 1) && { weights }),
    ...(stand.card.needs.statistics !== undefined && { images: looksOf(stand.card, models, draft.images) ?? [] }),
    ...(missing && stand.ofDifferences && { missing: 'base' as const }),
    ...(tokenizer !== null && shards && { tokenizer }),
  }
}
