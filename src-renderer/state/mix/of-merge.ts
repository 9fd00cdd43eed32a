// A merge as it can be moved by hand. A weighted average of models is one of their differences from any model, so that
// the pre-trained one can stand for it and each model has a share of its own. Pure.
import type { MergeAsked } from '../../../src-main/contract/api/merges.ts'
import { mergeCard } from '../../../src-main/contract/merges/step.ts'

/** null: it wants the pre-trained model, and none is chosen. */
export function mergeToMix(asked: MergeAsked, pretrained: number | null): MergeAsked | null {
  const card = mergeCard(asked.method)
  if (!card.shares || asked.pretrained !== null) return asked
  const ofModels = card.parameters.safeParse(asked.parameters).data
  const ofDifferences = card.parameters.safeParse({ ...asked.parameters, of: 'differences' }).data
  if (!ofModels || !ofDifferences || card.shares(ofModels, [1]) !== null || !card.normalizes?.(ofDifferences))
    return asked
  return pretrained === null ? null : { ...asked, pretrained, parameters: { ...asked.parameters, of: 'differences' } }
}
