// A checkpoint's parameters as float32, whatever their type in the file: a whole one, every value of which is finite,
// or some elements of it. Names are without the file's prefix; memory holds what was asked for and no more.
import { BasilError } from '../../contract/errors.ts'
import type { Kind } from '../devices/double/sums.ts'
import { dtypes, isNarrow, toFloat32, widenInPlace } from '../formats/dtype.ts'
import { infoOf } from '../formats/tensor-file.ts'
import type { CanonicalFile } from '../layouts/index.ts'

export interface Checkpoint {
  file: CanonicalFile
  prefix: string // before the names of parameters in the file
}

/**
 * A parameter (name without prefix) as float32, in the start of `into` where it is given. Throws tensor-not-finite
 * naming file and tensor.
 */
export async function readParameter(checkpoint: Checkpoint, name: string, into?: Float32Array): Promise<Float32Array> {
  const { file, prefix } = checkpoint
  const { dtype, bytes } = infoOf(file.tensors, prefix + name, file.source)
  const count = bytes / dtypes[dtype]
  const values = into?.subarray(0, count) ?? new Float32Array(count)
  for (let first = 0; first < count; first += piece)
    await readSlice(checkpoint, name, first, Math.min(piece, count - first), values.subarray(first))
  const bad = firstNotFinite(values)
  if (bad >= 0)
    throw new BasilError({
      code: 'tensor-not-finite',
      what: `${file.source.name} holds a weight that is not a finite number`,
      where: `${file.source.name}: ${file.called(prefix + name)}`,
      why: `element ${bad} is ${values[bad]}`,
      next: 'use a checkpoint saved before its training diverged',
    })
  return values
}

const piece = 2 ** 20 // elements read at a time: float64 is rounded beside no more than that

/** Elements of a parameter from `first` on as float32, in the start of `into`; they may be NaN or infinite. */
export async function readSlice(
  { file, prefix }: Checkpoint,
  name: string,
  first: number,
  count: number,
  into: Float32Array,
): Promise<Float32Array> {
  const { name: full, dtype } = infoOf(file.tensors, prefix + name, file.source)
  const bytes = dtypes[dtype]
  const values = into.subarray(0, count)
  // Numbers that are not wider than float32 are read to the end of the very place they are wanted in.
  const own =
    bytes <= 4 ? new Uint8Array(values.buffer, values.byteOffset + (4 - bytes) * count, bytes * count) : undefined
  const read = await file.readRange(full, first * bytes, count * bytes, own)
  if (isNarrow(dtype)) widenInPlace(values, dtype)
  else if (dtype !== 'F32') values.set(toFloat32(read, dtype))
  return values
}

/** What all of them have a parameter in, where numbers of that type are added up as they are; else float32. */
export function kindInAll(checkpoints: readonly Checkpoint[], name: string): Kind {
  const all = new Set(checkpoints.map(({ file, prefix }) => infoOf(file.tensors, prefix + name, file.source).dtype))
  const [only] = all
  return all.size === 1 && (only === 'BF16' || only === 'F16') ? only : 'F32'
}

/** As readSlice, but the bytes that the file has where it has them in this type. */
export async function readKind(
  checkpoint: Checkpoint,
  name: string,
  first: number,
  count: number,
  into: Float32Array,
  kind: Kind,
): Promise<Float32Array> {
  if (kind === 'F32') return readSlice(checkpoint, name, first, count, into)
  const { file, prefix } = checkpoint
  await file.readRange(prefix + name, 2 * first, 2 * count, new Uint8Array(into.buffer, into.byteOffset, 2 * count))
  return into
}

/** As readSlice, but bfloat16 by its halves. */
export async function readNarrow(
  checkpoint: Checkpoint,
  name: string,
  first: number,
  count: number,
  into: Float32Array,
): Promise<Float32Array | Uint16Array> {
  const { file, prefix } = checkpoint
  const { name: full, dtype } = infoOf(file.tensors, prefix + name, file.source)
  if (dtype !== 'BF16') return readSlice(checkpoint, name, first, count, into)
  const read = await file.readRange(full, 2 * first, 2 * count, new Uint8Array(into.buffer, into.byteOffset, 2 * count))
  return new Uint16Array(read.buffer, read.byteOffset, count)
}

/** bfloat16 as float32. */
export const widened = (halves: Uint16Array): Float32Array =>
  toFloat32(new Uint8Array(halves.buffer, halves.byteOffset, halves.byteLength), 'BF16')

/** Whether a parameter has the same values in all of them, those that are not finite included. */
export async function isEqualInAll([first, ...others]: readonly Checkpoint[], name: string): Promise<boolean> {
  if (!first) return true
  const { dtype, bytes } = infoOf(first.file.tensors, first.prefix + name, first.file.source)
  const [mine, theirs] = [new Float32Array(piece), new Float32Array(piece)]
  for (let at = 0, count = bytes / dtypes[dtype]; at < count; at += piece) {
    const values = await readSlice(first, name, at, Math.min(piece, count - at), mine)
    for (const other of others) {
      const like = await readSlice(other, name, at, values.length, theirs)
      if (values.some((v, i) => v !== like[i] && !(Number.isNaN(v) && Number.isNaN(like[i])))) return false
    }
  }
  return true
}

export function firstNotFinite(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i
  return -1
}
