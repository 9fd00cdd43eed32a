// What a run combines where it does not combine its task vectors as they are: their trimmed parts, TIES of them all as
// the only vector (ties.ts), or random parts of each (partition.ts). The same is done whenever a recipe is followed, so
// that the model is the same.
import type { Preparation } from '../../contract/run/recipe.ts'
import type { WeightSet } from '../weights/parents.ts'
import type { Checkpoint } from '../weights/slices.ts'
import { partitioned } from './partition.ts'
import { tiesCheckpoints } from './ties.ts'

/**
 * how null: the vectors themselves. Reads every model twice where there is something to trim. Closing stays with the
 * parents given.
 */
export async function prepared<P extends Pick<WeightSet, 'base' | 'vectors' | 'parameters'>>(
  parents: P,
  how: Preparation | null,
): Promise<P> {
  if (!how) return parents
  const asOwn = (vectors: Checkpoint[]): P => ({
    ...parents,
    vectors: vectors.map((vector) => ({ ...parents.base, ...vector })),
  })
  const trimmed = how.trim === null ? parents : asOwn(await tiesCheckpoints(parents, how.trim, how.merged))
  return how.parts === 1 ? trimmed : asOwn(partitioned(trimmed, how.parts, how.seed))
}
