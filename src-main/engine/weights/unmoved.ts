// Whether a combination is the pre-trained model again: where no weight of theta_pre + sum_t c_t tau_t, rounded to
// float32, differs from theta_pre, its difference vector is 0 or below rounding, and nothing that scales it can move
// anything. Reads no further than the first weight that differs.

import { filled, type Table } from '../../numbers/table.ts'
import { product } from '../../numbers/vectors.ts'
import { combinedSlice } from './lineage.ts'
import { type Groups, groupsOf } from './merge.ts'
import type { Parents, WeightSet } from './parents.ts'
import { readSlice } from './slices.ts'

// elements read at a time: few at first, as a vector that moves anything shows it at once
const [least, most] = [2 ** 10, 2 ** 17]

/** coefficients: (vectors x groups). */
export async function isUnmoved(
  parents: Pick<WeightSet, 'base' | 'vectors' | 'parameters'>,
  groups: Groups,
  coefficients: Table,
): Promise<boolean> {
  for (const [name, shape] of parents.parameters) {
    if (coefficients.every((row) => row[groups.of.get(name) as number] === 0)) continue
    const size = product(shape)
    for (let first = 0, count = least; first < size; first += count, count = Math.min(most, 2 * count)) {
      const n = Math.min(count, size - first)
      const delta = await combinedSlice(parents, groups, coefficients, name, first, n)
      const still = await readSlice(parents.base, name, first, n, new Float32Array(n))
      if (still.some((v, i) => Math.fround(v + (delta[i] as number)) !== v)) return false
    }
  }
  return true
}

/** Names of the models whose vector is 0. */
export async function zeroVectors(parents: Parents): Promise<string[]> {
  const groups = groupsOf(parents, 'scalar')
  const names: string[] = []
  for (const vector of parents.vectors)
    if (await isUnmoved({ ...parents, vectors: [vector] }, groups, filled(1, 1, 1))) names.push(vector.file.source.name)
  return names
}
