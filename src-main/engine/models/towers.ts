// Both towers of a file as they would be computed, for whoever only looks at it or writes it anew: what cannot be
// settled is told, never thrown.
import { sentence } from '../../contract/errors.ts'
import type { TextSettings, TowerSettings } from '../../contract/tower.ts'
import { type Given, settleVision } from '../architecture/settle.ts'
import { recognise } from '../layouts/clip-names.ts'
import type { CanonicalFile } from '../layouts/index.ts'
import { settledTextOf } from './text/text-tower.ts'

/**
 * given: what is said of the image tower. A tower that is not in the file, or cannot be computed as it is described, is
 * null.
 */
export async function towersOf(
  file: CanonicalFile,
  given: Given = {},
): Promise<{ towers: { vision: TowerSettings | null; text: TextSettings | null }; warnings: string[] }> {
  const shape = recognise(file.tensors)
  const vision = shape ? await settleVision(file, shape, given) : null
  const text = await settledTextOf(file)
  const warnings = [vision, text].flatMap((one) =>
    one ? [...one.warnings, ...(one.refusal ? [sentence(one.refusal.record)] : [])] : [],
  )
  return {
    towers: {
      vision: vision?.refusal ? null : (vision?.settings ?? null),
      text: text?.refusal ? null : (text?.settings ?? null),
    },
    warnings: [...new Set(warnings)],
  }
}
