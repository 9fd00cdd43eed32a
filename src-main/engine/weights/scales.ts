// float8 weights with a scale beside them, as quantisers write them: the weight is scale times number, whatever the
// scale's name ("a.weight" with "a.weight_scale", "a.weight_scale_inv", "a.scale_weight", "a.scale"). Numbers under
// different scales cannot be added up:
//   s (q_pre + c (q_t - q_pre))  is the merged weight only where s is one for all.
import { BasilError } from '../../contract/errors.ts'
import { isFloat8 } from '../formats/float8.ts'
import { namesOf } from '../formats/source.ts'
import type { TensorFile } from '../formats/tensor-file.ts'
import type { CanonicalFile } from '../layouts/index.ts'

const folderOf = (name: string): string => name.slice(0, name.lastIndexOf('.') + 1)

/**
 * Throws not-supported where a float8 tensor has a scale that is not equal in both. `areEqual` compares a tensor that
 * both have.
 */
export async function requireEqualScales(
  base: CanonicalFile,
  other: CanonicalFile,
  areEqual: (a: TensorFile, b: TensorFile, name: string) => Promise<boolean>,
): Promise<void> {
  const scaled = new Set<string>()
  for (const file of [base, other])
    for (const { name, dtype } of file.tensors.values()) if (isFloat8(dtype)) scaled.add(folderOf(name))
  if (scaled.size === 0) return
  for (const name of new Set([...base.tensors.keys(), ...other.tensors.keys()])) {
    const folder = folderOf(name)
    if (!scaled.has(folder) || !/scale/i.test(name.slice(folder.length))) continue
    if (base.tensors.has(name) && other.tensors.has(name) && (await areEqual(base, other, name))) continue
    const [where, pretrained] = namesOf(other.source, base.source)
    throw new BasilError({
      code: 'not-supported',
      what: `${where} and ${pretrained} hold float8 weights under different scales`,
      where: `${where}: ${other.called(name)}`,
      why: 'the numbers beside it mean something else in each of the two, and cannot be added up',
      next: 'give both with their scales multiplied in, as float16, bfloat16 or float32',
    })
  }
}
