// Element types as checkpoints store them (safetensors' names) and their way to float32.
// float16 and bfloat16 widen exactly; float64 rounds to the nearest float32.
import { BasilError } from '../../contract/errors.ts'

export const dtypes = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  U64: 8,
  I32: 4,
  U32: 4,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const satisfies Record<string, number>
export type Dtype = keyof typeof dtypes

export function isFloating(dtype: Dtype): boolean {
  return dtype === 'F64' || dtype === 'F32' || dtype === 'F16' || dtype === 'BF16'
}

/** Little-endian bytes of a tensor as float32. Bytes need not be aligned. */
export function toFloat32(bytes: Uint8Array, dtype: Dtype): Float32Array {
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes)
  const { buffer, byteOffset, byteLength } = aligned
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer as ArrayBuffer, byteOffset, byteLength / 4)
    case 'F64':
      return Float32Array.from(new Float64Array(buffer, byteOffset, byteLength / 8))
    case 'F16':
      return widen(new Uint16Array(buffer, byteOffset, byteLength / 2), halfTable())
    case 'BF16': {
      const words = new Uint16Array(buffer, byteOffset, byteLength / 2)
      const bits = new Uint32Array(words.length)
      for (let i = 0; i < words.length; i++) bits[i] = (words[i] as number) << 16
      return new Float32Array(bits.buffer)
    }
    case 'U8':
      return Float32Array.from(aligned)
    default:
      throw new BasilError({
        code: 'tensor-dtype',
        what: 'A tensor cannot be used as numbers with a fraction',
        where: dtype,
        why: `it is stored as ${dtype}`,
        next: 'give a checkpoint with floating-point weights',
      })
  }
}

/** Half precision whose bytes fill the second half of `values`' own, widened over all of it: no number is written where one is still to be read. */
export function widenInPlace(values: Float32Array, dtype: 'F16' | 'BF16'): void {
  const { buffer, byteOffset, length } = values
  const halves = new Uint16Array(buffer, byteOffset + 2 * length, length)
  if (dtype === 'F16') {
    const table = halfTable()
    for (let i = 0; i < length; i++) values[i] = table[halves[i] as number] as number
  } else {
    const bits = new Uint32Array(buffer, byteOffset, length)
    for (let i = 0; i < length; i++) bits[i] = (halves[i] as number) << 16
  }
}

/** Integer tensors (labels) as int32; a value that does not fit becomes -1, which no head has a class for. */
export function toInt32(bytes: Uint8Array, dtype: Dtype): Int32Array {
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes)
  if (dtype === 'I32') return new Int32Array(buffer as ArrayBuffer, byteOffset, byteLength / 4)
  if (dtype === 'U8' || dtype === 'I8')
    return Int32Array.from(dtype === 'U8' ? new Uint8Array(buffer, byteOffset, byteLength) : new Int8Array(buffer, byteOffset, byteLength))
  if (dtype === 'I16') return Int32Array.from(new Int16Array(buffer, byteOffset, byteLength / 2))
  if (dtype === 'I64') {
    const wide = new BigInt64Array(buffer, byteOffset, byteLength / 8)
    return Int32Array.from(wide, (v) => (BigInt.asIntN(32, v) === v ? Number(v) : -1))
  }
  throw new BasilError({
    code: 'tensor-dtype',
    what: 'Labels must be integers',
    where: dtype,
    why: `they are stored as ${dtype}`,
    next: 'store them as int64, int32 or uint8',
  })
}

/** To IEEE half precision, rounded once, to nearest even. */
export function toFloat16(values: Float32Array | Float64Array): Uint16Array {
  return new Uint16Array(new Float16Array(values).buffer)
}

function widen(halves: Uint16Array, table: Float32Array): Float32Array {
  const values = new Float32Array(halves.length)
  for (let i = 0; i < halves.length; i++) values[i] = table[halves[i] as number] as number
  return values
}

let cachedTable: Float32Array | undefined
function halfTable(): Float32Array {
  cachedTable ??= Float32Array.from({ length: 65536 }, (_, h) => {
    const sign = h & 0x8000 ? -1 : 1
    const exponent = (h >>> 10) & 31
    const fraction = h & 1023
    if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
    return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24)
  })
  return cachedTable
}
