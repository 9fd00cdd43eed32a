// A merge as it can be moved by hand. A weighted average of models is one of their differences from any model, so that
// the pre-trained one can stand for it and each model has a share of its own. Pure.
import type { MergeAsked } from '../../../src-main/contract/api/merges.ts'
import { weightedAverage } from '../../../src-main/contract/merges/averages/weighted-average.ts'

/** null: it wants the pre-trained model, and none is chosen. */
export function mergeToMix(asked: MergeAsked, pretrained: number | null): MergeAsked | null {
  if (asked.method !== weightedAverage.name || asked.pretrained !== null) return asked
  const { of, normalize } = weightedAverage.parameters.safeParse(asked.parameters).data ?? {}
  if (of !== 'models' || normalize === false) return asked
  return pretrained === null ? null : { ...asked, pretrained, parameters: { ...asked.parameters, of: 'differences' } }
}
