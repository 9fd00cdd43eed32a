// The model a coefficient table stands for as a file of canonical tensors: parameters merged as they are read
// (merge.ts), what stands beside them as the pre-trained model has it. Merging goes forward a slice at a time, with its
// read-ahead, as long as what is asked for goes forward too; anything else begins it anew from there. So memory holds
// some slices, whatever the size of a tensor.

import type { Table } from '../../numbers/table.ts'
import { product } from '../../numbers/vectors.ts'
import { dtypes, type FloatingDtype } from '../formats/dtype.ts'
import { infoOf, type TensorFile, type TensorInfo } from '../formats/tensor-file.ts'
import { cast } from '../formats/writing/in-dtype.ts'
import { type Groups, type MergedSlice, mergedSlices } from './merge.ts'
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
  const tensors = tensorsOf(base, order, types)
  const bytesEach = (name: string): number => dtypes[infoOf(tensors, name, base.source).dtype]
  let merged = mergedSlices(set, groups, coefficients)
  let present: { name: string; first: number; count: number; bytes: Uint8Array } | undefined
  let left = false // whether a reader went elsewhere

  /** The slice that an element is in. */
  async function sliceAt(name: string, first: number): Promise<{ first: number; bytes: Uint8Array }> {
    for (;;) {
      if (present?.name === name && first >= present.first && first < present.first + present.count) return present
      const expected = present ? after(present) : { name: order[0], first: 0 }
      if (left || expected?.name !== name || expected.first !== first) {
        await merged.return(undefined)
        merged = mergedSlices(set, groups, coefficients, { name: name.slice(prefix.length), first })
      }
      left = true
      const { value } = await merged.next()
      if (!value) throw new Error('the merge ended before its last parameter')
      left = false
      const { dtype } = infoOf(tensors, name, base.source)
      const [count, each] = [value.values.length, bytesEach(name)]
      const isKept = value.isConstant && types === 'own' // byte for byte
      const bytes = isKept
        ? await base.readRange(name, value.first * each, count * each)
        : bytesIn(dtype as FloatingDtype, value, () => base.called(name))
      present = { name, first: value.first, count, bytes }
    }
  }

  function after({ name, first, count }: NonNullable<typeof present>): { name: string | undefined; first: number } {
    const { bytes } = infoOf(tensors, name, base.source)
    if ((first + count) * bytesEach(name) < bytes) return { name, first: first + count }
    return { name: order[(place.get(name) as number) + 1], first: 0 }
  }

  async function readMerged(name: string, offset: number, length: number, into?: Uint8Array): Promise<Uint8Array> {
    const each = bytesEach(name)
    let out = into?.subarray(0, length)
    for (let at = 0; at < length; ) {
      const { first, bytes } = await sliceAt(name, (offset + at) / each)
      const part = bytes.subarray(offset + at - first * each, offset + length - first * each)
      if (!out && part.length === length) return part
      out ??= new Uint8Array(length)
      out.set(part, at)
      at += part.length
    }
    return out ?? new Uint8Array()
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

/** Throws not-finite where a number is too large for the type. */
function bytesIn(dtype: FloatingDtype, { values, bfloat16 }: MergedSlice, where: () => string): Uint8Array {
  const halves = dtype === 'BF16' ? bfloat16() : null
  return halves ? new Uint8Array(halves.buffer, halves.byteOffset, halves.byteLength) : cast(values, dtype, where)
}

/** Those that are merged first, in their order. */
function tensorsOf(base: TensorFile, order: readonly string[], types: 'float32' | 'own'): Map<string, TensorInfo> {
  const tensors = new Map<string, TensorInfo>()
  for (const name of order) {
    const info = infoOf(base.tensors, name, base.source)
    tensors.set(name, types === 'own' ? info : asFloat32(info))
  }
  for (const [name, info] of base.tensors) if (!tensors.has(name)) tensors.set(name, info)
  return tensors
}

function asFloat32(info: TensorInfo): TensorInfo {
  return { ...info, dtype: 'F32', bytes: 4 * product(info.shape) }
}
