// What checkpoints combine to, as bits by canonical name: two ways to the same model must not differ in one.
import { groupsOf, mergedParameters } from '../../../src-main/engine/weights/merge.ts'
import type { WeightSet } from '../../../src-main/engine/weights/parents.ts'

/** theta_pre + sum_t c_t,b tau_t, c being `coefficient` of the vector and the tensor. Closes the set. */
export async function mergedBits(
  set: WeightSet,
  coefficient: (vector: number, tensor: number) => number = () => 0.3,
): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  const groups = groupsOf(set, 'tensor')
  const table = set.vectors.map((_, t) => Float64Array.from(groups.names, (_, b) => coefficient(t, b)))
  for await (const { name, values } of mergedParameters(set, groups, table))
    found.set(set.prefix + name, Buffer.from(values.slice().buffer).toString('hex'))
  await set.close()
  return found
}
