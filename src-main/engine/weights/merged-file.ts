// The model a coefficient table stands for as a file of canonical tensors: parameters merged as they are read
// (merge.ts), what stands beside them as the pre-trained model has it. Merging goes forward with its read-ahead; what
// is asked for in block order is neither computed twice nor kept. A parameter of which a reader takes parts in turn (a
// fused in_proj as q, k and v) is kept until all of it was taken.

import type { Table } from '../../numbers/table.ts'
import { product } from '../../numbers/vectors.ts'
import type { FloatingDtype } from '../formats/dtype.ts'
import { infoOf, type TensorFile, type TensorInfo } from '../formats/tensor-file.ts'
import { cast } from '../formats/writing/in-dtype.ts'
import { type Groups, mergedParameters } from './merge.ts'
import type { WeightSet } from './parents.ts'

/**
 * Tensors in block order, then the others; `types`: in float32, or each in the pre-trained model's own type, to which
 * its merged numbers are rounded (to nearest, ties to even). What `read` gives is good until the next read. Reads throw
 * not-finite where a merged number is too large for its type.
 */
export function mergedFile(
  set: WeightSet,
  groups: Groups,
  coefficients: Table,
  types: 'float32' | 'own' = 'float32',
): TensorFile {
  const base = set.base.file
  const { prefix } = set
  const order = [...set.parameters.keys()].map((name) => prefix + name)
  const place = new Map(order.map((name, i) => [name, i]))
  const tensors = new Map<string, TensorInfo>()
  for (const name of order) {
    const info = infoOf(base.tensors, name, base.source)
    tensors.set(name, types === 'own' ? info : asFloat32(info))
  }
  for (const [name, info] of base.tensors) if (!tensors.has(name)) tensors.set(name, info)

  const taken = new Map<string, number>() // bytes of each parameter that were read
  const kept = new Map<string, Uint8Array>()
  let merged = mergedParameters(set, groups, coefficients)
  let present: { name: string; bytes: Uint8Array } | undefined

  async function step(): Promise<void> {
    if (present && (taken.get(present.name) ?? 0) < present.bytes.length) kept.set(present.name, present.bytes.slice())
    const { value } = await merged.next()
    if (!value) throw new Error('the merge ended before its last parameter')
    const name = prefix + value.name
    const { dtype } = infoOf(tensors, name, base.source)
    const isKept = value.isConstant && types === 'own' // byte for byte
    present = {
      name,
      bytes: isKept ? await base.read(name) : cast(value.values, dtype as FloatingDtype, () => base.called(name)),
    }
  }

  async function bytesOf(name: string): Promise<Uint8Array> {
    const bytes = kept.get(name)
    if (bytes) return bytes
    if (present && (place.get(present.name) as number) > (place.get(name) as number)) {
      await merged.return(undefined) // asked for once more: from the beginning
      merged = mergedParameters(set, groups, coefficients)
      present = undefined
    }
    while (present?.name !== name) await step()
    return present.bytes
  }

  async function readMerged(name: string, offset: number, length: number, into?: Uint8Array): Promise<Uint8Array> {
    const bytes = await bytesOf(name)
    const part = bytes.subarray(offset, offset + length)
    const sum = (taken.get(name) ?? 0) + length
    taken.set(name, sum)
    if (sum >= bytes.length) kept.delete(name)
    into?.set(part)
    return into?.subarray(0, length) ?? part
  }

  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work)
    turn = mine.catch(() => undefined)
    return mine
  }
  return {
    source: base.source,
    format: base.format,
    metadata: {},
    tensors,
    read: (name, into) =>
      place.has(name)
        ? inTurn(() => readMerged(name, 0, infoOf(tensors, name, base.source).bytes, into))
        : base.read(name, into),
    readRange: (name, offset, length, into) =>
      place.has(name)
        ? inTurn(() => readMerged(name, offset, length, into))
        : base.readRange(name, offset, length, into),
  }
}

function asFloat32(info: TensorInfo): TensorInfo {
  return { ...info, dtype: 'F32', bytes: 4 * product(info.shape) }
}
