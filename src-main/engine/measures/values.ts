// A tensor's values as float64, a piece at a time, the next one read while the present one is worked on: whatever the
// tensor's size, two pieces of bytes and one of numbers are held. Integers are numbers too; beyond 2^53 they are
// rounded.
import { type Dtype, dtypes, toFloat32 } from '../formats/dtype.ts'
import type { TensorFile, TensorInfo } from '../formats/tensor-file.ts'

const usual = 2 ** 17 // elements: a megabyte of float64, which stays in the processor's cache

/**
 * Reads tensors of one file, one after the other, so many elements at a time. Each piece is good until the next is
 * asked for.
 */
export function valueReader(
  file: TensorFile,
  piece = usual,
): (info: TensorInfo) => AsyncGenerator<Float64Array, undefined> {
  const room = [new Uint8Array(8 * piece), new Uint8Array(8 * piece)] as const
  const values = new Float64Array(piece)
  return async function* (info) {
    const item = dtypes[info.dtype]
    const count = info.bytes / item
    const read = (first: number): Promise<Uint8Array> | undefined => {
      if (first >= count) return undefined
      const reading = file.readRange(
        info.name,
        first * item,
        Math.min(piece, count - first) * item,
        room[(first / piece) % 2],
      )
      reading.catch(() => undefined) // is told when its turn comes
      return reading
    }
    let next = read(0)
    for (let first = 0; next; first += piece) {
      const bytes = await next
      next = read(first + piece)
      const n = bytes.length / item
      widen(bytes, info.dtype, values)
      yield values.subarray(0, n)
    }
    return undefined
  }
}

export function widen(bytes: Uint8Array, dtype: Dtype, into: Float64Array): void {
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes)
  const count = byteLength / dtypes[dtype]
  if (dtype === 'F64') into.set(new Float64Array(buffer, byteOffset, count))
  else if (dtype === 'I64' || dtype === 'U64') {
    const wide =
      dtype === 'I64' ? new BigInt64Array(buffer, byteOffset, count) : new BigUint64Array(buffer, byteOffset, count)
    for (let i = 0; i < count; i++) into[i] = Number(wide[i])
  } else if (dtype === 'I32') into.set(new Int32Array(buffer, byteOffset, count))
  else if (dtype === 'U32') into.set(new Uint32Array(buffer, byteOffset, count))
  else if (dtype === 'I16') into.set(new Int16Array(buffer, byteOffset, count))
  else if (dtype === 'U16') into.set(new Uint16Array(buffer, byteOffset, count))
  else if (dtype === 'I8') into.set(new Int8Array(buffer, byteOffset, count))
  else into.set(toFloat32(bytes, dtype === 'BOOL' ? 'U8' : dtype))
}

/** sum_i a_i b_i over a's length, in four sums at once: they need not wait for each other. */
export function dot(a: Float64Array, b: Float64Array): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0]
  const whole = a.length - (a.length % 4)
  for (let i = 0; i < whole; i += 4) {
    s0 += (a[i] as number) * (b[i] as number)
    s1 += (a[i + 1] as number) * (b[i + 1] as number)
    s2 += (a[i + 2] as number) * (b[i + 2] as number)
    s3 += (a[i + 3] as number) * (b[i + 3] as number)
  }
  for (let i = whole; i < a.length; i++) s0 += (a[i] as number) * (b[i] as number)
  return s0 + s1 + (s2 + s3)
}
