// What is asked of the workbench, of a draft as it stands: what was given, and nothing of what the method does not
// take. Pure.
import type { MergeAsked } from '../../../src-main/contract/api/merges.ts'
import type { Form } from '../../../src-main/contract/checkpoint.ts'
import type { Draft } from './draft.ts'
import { looksOf } from './looking.ts'
import type { Stand } from './stand.ts'

const bytesOfGigabytes = 1e9

/** null while something is wrong. */
export function askedOf(draft: Draft, stand: Stand): MergeAsked | null {
  if (stand.blocked !== null || stand.issues.size > 0) return null
  const { method, models, missing, name, place, container, dtype, shards } = draft
  const form: Form = shards
    ? {
        container: 'safetensors',
        layout: null,
        dtype,
        shardBytes: Math.round(Number(draft.shardSize) * bytesOfGigabytes),
      }
    : { container, layout: null, dtype }
  const weights = models.map((id) => Number(draft.weights[id] ?? 1))
  return {
    ...{ method, parameters: stand.parameters, form, name, place },
    pretrained: stand.ofDifferences ? draft.pretrained : null,
    vectors: models,
    ...(stand.coefficients !== undefined && { coefficients: stand.coefficients }),
    ...(stand.takesWeights && weights.some((weight) => weight !== 1) && { weights }),
    ...(stand.card.needs.statistics !== undefined && { images: looksOf(stand.card, models, draft.images) ?? [] }),
    ...(missing && stand.ofDifferences && { missing: 'base' as const }),
  }
}
