// Element types as checkpoints store them (safetensors' names) and their way to float32.
// float8, float16 and bfloat16 widen exactly; float64 rounds to the nearest float32. Types that Basil does not compute
// with (complex numbers, scales of microscaling formats, floats of 4 and 6 bits) are listed, compared and copied by
// their bytes.
import { BasilError } from '../../contract/errors.ts'
import { type Float8, float8Table, isFloat8 } from './float8.ts'

/** Bytes of an element: a part of one where several share it. A tensor always has whole bytes. */
export const dtypes = {
  C128: 16, // of NumPy and PyTorch; safetensors has no name for it
  C64: 8,
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
  F8_E4M3: 1,
  F8_E5M2: 1,
  F8_E4M3FNUZ: 1,
  F8_E5M2FNUZ: 1,
  F8_E8M0: 1, // powers of two, the scales of a block
  F6_E2M3: 0.75,
  F6_E3M2: 0.75,
  F4: 0.5,
} as const satisfies Record<string, number>
export type Dtype = keyof typeof dtypes
export type FloatingDtype = 'F64' | 'F32' | 'F16' | 'BF16' | Float8

/** Numbers with a fraction that Basil computes with. */
export function isFloating(dtype: Dtype): dtype is FloatingDtype {
  return dtype === 'F64' || dtype === 'F32' || dtype === 'F16' || dtype === 'BF16' || isFloat8(dtype)
}

const withoutNumbers: ReadonlySet<Dtype> = new Set<Dtype>(['C128', 'C64', 'F8_E8M0', 'F6_E2M3', 'F6_E3M2', 'F4'])

/** Whether Basil has numbers for a type; the others it only lists and copies. */
export const isNumeric = (dtype: Dtype): boolean => !withoutNumbers.has(dtype)

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
      if (isFloat8(dtype)) return widen(aligned, float8Table(dtype))
      throw new BasilError({
        code: 'tensor-dtype',
        what: 'A tensor cannot be used as numbers with a fraction',
        where: dtype,
        why: `it is stored as ${dtype}`,
        next: 'give a checkpoint with floating-point weights',
      })
  }
}

export type Narrow = 'F16' | 'BF16' | Float8
export const isNarrow = (dtype: Dtype): dtype is Narrow => isFloating(dtype) && dtypes[dtype] < 4

/**
 * Numbers of 8 or 16 bits whose bytes fill the end of `values`' own, widened over all of it: no number is written where
 * one is still to be read.
 */
export function widenInPlace(values: Float32Array, dtype: Narrow): void {
  const { buffer, byteOffset, length } = values
  if (isFloat8(dtype)) {
    const [codes, table] = [new Uint8Array(buffer, byteOffset + 3 * length, length), float8Table(dtype)]
    for (let i = 0; i < length; i++) values[i] = table[codes[i] as number] as number
    return
  }
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
    return Int32Array.from(
      dtype === 'U8' ? new Uint8Array(buffer, byteOffset, byteLength) : new Int8Array(buffer, byteOffset, byteLength),
    )
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

function widen(codes: Uint16Array | Uint8Array, table: Float32Array): Float32Array {
  const values = new Float32Array(codes.length)
  for (let i = 0; i < codes.length; i++) values[i] = table[codes[i] as number] as number
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
