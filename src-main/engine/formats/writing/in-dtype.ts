// A file's floating tensors in another type, cast as they are read, a few MB at a time:
//   y = the nearest value of the new type to x, of two equally near the one with an even last bit; x infinite or NaN
//   stays so
// An x that would become infinite or NaN and was not is refused, naming its tensor. What is no float with numbers here
// is as it was.
import type { WrittenDtype } from '../../../contract/checkpoint.ts'
import { BasilError } from '../../../contract/errors.ts'
import { type Dtype, dtypes, type FloatingDtype, isFloating, toFloat16, toFloat32 } from '../dtype.ts'
import { toFloat8 } from '../float8.ts'
import { infoOf, type TensorFile, type TensorInfo } from '../tensor-file.ts'

export const dtypeOf = { float32: 'F32', float16: 'F16', bfloat16: 'BF16' } as const satisfies Record<
  WrittenDtype,
  Dtype
>
const piece = 2 ** 20 // elements cast at a time

type Numbers = Float32Array | Float64Array

/** null: every tensor in its own type. Reads throw not-finite where a value is too large for the type. */
export function inDtype(file: TensorFile, dtype: WrittenDtype | null): TensorFile {
  if (dtype === null) return file
  const to = dtypeOf[dtype]
  const isCast = (info: TensorInfo): boolean => isFloating(info.dtype) && info.dtype !== to
  const tensors = new Map<string, TensorInfo>()
  for (const [name, info] of file.tensors)
    tensors.set(
      name,
      isCast(info) ? { ...info, dtype: to, bytes: (info.bytes / dtypes[info.dtype]) * dtypes[to] } : info,
    )

  const readRange = async (name: string, offset: number, length: number, into?: Uint8Array): Promise<Uint8Array> => {
    const info = infoOf(file.tensors, name, file.source)
    if (!isCast(info)) return file.readRange(name, offset, length, into)
    const out = into?.subarray(0, length) ?? new Uint8Array(length)
    const [first, count] = [offset / dtypes[to], length / dtypes[to]]
    for (let at = 0; at < count; at += piece) {
      const bytes = await file.readRange(
        name,
        (first + at) * dtypes[info.dtype],
        Math.min(piece, count - at) * dtypes[info.dtype],
      )
      out.set(
        cast(numbersOf(bytes, info.dtype), to, () => `${file.source.name}: ${name}`),
        at * dtypes[to],
      )
    }
    return out
  }
  return {
    ...file,
    tensors,
    read: async (name, into) => {
      const info = infoOf(tensors, name, file.source)
      return info === file.tensors.get(name) ? file.read(name, into) : readRange(name, 0, info.bytes, into)
    },
    readRange,
  }
}

/**
 * Numbers as the bytes of a type, rounded once; of float32 as float32 the very same. Throws not-finite, saying where,
 * for one that is too large for it.
 */
export function cast(numbers: Numbers, to: FloatingDtype, where: () => string): Uint8Array {
  if (to === 'F32' && numbers instanceof Float32Array) return bytesOf(numbers)
  if (to === 'BF16' && numbers instanceof Float32Array && areFinite(numbers)) return bytesOf(finiteToBfloat16(numbers))
  const out = new Uint8Array(numbers.length * dtypes[to])
  for (let at = 0; at < numbers.length; at += piece) {
    const part = numbers.subarray(at, at + piece)
    const bytes = casts[to](part)
    if (dtypes[to] < numbers.BYTES_PER_ELEMENT) requireKept(part, toFloat32(bytes, to), to, where)
    out.set(bytes, at * dtypes[to])
  }
  return out
}

/** Whether all are finite and are so in bfloat16. */
function areFinite(numbers: Float32Array): boolean {
  const bits = new Int32Array(numbers.buffer, numbers.byteOffset, numbers.length)
  let most = 0
  for (let i = 0; i < bits.length; i++) {
    const size = (bits[i] ?? 0) & 0x7fffffff
    if (size > most) most = size
  }
  return most < 0x7f7f8000 // what is as large is rounded up
}

function requireKept(numbers: Numbers, back: Float32Array, to: FloatingDtype, where: () => string): void {
  for (let i = 0; i < back.length; i++) {
    const [x, y] = [numbers[i] as number, back[i] as number]
    if (!Number.isFinite(y) && (Number.isFinite(x) || Number.isNaN(x) !== Number.isNaN(y)))
      throw tooLarge(where(), x, y, to)
  }
}

/** Exactly, whatever the type. */
function numbersOf(bytes: Uint8Array, dtype: Dtype): Numbers {
  if (dtype !== 'F64') return toFloat32(bytes, dtype)
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes)
  return new Float64Array(buffer, byteOffset, byteLength / 8)
}

const casts: Record<FloatingDtype, (numbers: Numbers) => Uint8Array> = {
  F64: (numbers) => new Uint8Array(Float64Array.from(numbers).buffer),
  F32: (numbers) => bytesOf(Float32Array.from(numbers)),
  F16: (numbers) => bytesOf(toFloat16(numbers)),
  BF16: (numbers) => bytesOf(toBfloat16(numbers)),
  F8_E4M3: (numbers) => toFloat8(numbers, 'F8_E4M3'),
  F8_E5M2: (numbers) => toFloat8(numbers, 'F8_E5M2'),
  F8_E4M3FNUZ: (numbers) => toFloat8(numbers, 'F8_E4M3FNUZ'),
  F8_E5M2FNUZ: (numbers) => toFloat8(numbers, 'F8_E5M2FNUZ'),
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Uint16Array): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)

/** As toBfloat16 where no number is NaN, nor infinite by rounding: in whole words of 32 bits, which cost a third. */
function finiteToBfloat16(numbers: Float32Array): Uint16Array {
  const bits = new Int32Array(numbers.buffer, numbers.byteOffset, numbers.length)
  const halves = new Uint16Array(bits.length)
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i] ?? 0
    halves[i] = ((word + 0x7fff + ((word >>> 16) & 1)) | 0) >>> 16
  }
  return halves
}

/** The upper half of a float32, rounded by the lower one. */
function toBfloat16(numbers: Numbers): Uint16Array {
  const { buffer, byteOffset, length } = numbers instanceof Float32Array ? numbers : roundedToOdd(numbers)
  const bits = new Uint32Array(buffer, byteOffset, length)
  const halves = new Uint16Array(bits.length)
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i] as number
    const isNaN = (word & 0x7fffffff) > 0x7f800000
    halves[i] = isNaN ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16
  }
  return halves
}

/**
 * float64 as float32 whose last bit says that something was cut off: rounding it once more then rounds as in one go.
 */
function roundedToOdd(numbers: Float64Array): Float32Array {
  const rounded = Float32Array.from(numbers)
  const bits = new Int32Array(rounded.buffer)
  for (let i = 0; i < rounded.length; i++) {
    const [near, exact] = [rounded[i] as number, numbers[i] as number]
    if (near === exact || Number.isNaN(exact)) continue
    // towards zero: sign and size are apart in the bits
    if (Math.abs(near) > Math.abs(exact)) bits[i] = (bits[i] as number) - 1
    bits[i] = (bits[i] as number) | 1
  }
  return rounded
}

const inWords: Record<FloatingDtype, [name: string, next: string]> = {
  F64: ['float64', 'keep its own type'],
  F32: ['float32', 'keep its own type'],
  F16: ['float16', 'write it as bfloat16 or float32'],
  BF16: ['bfloat16', 'write it as float32'],
  F8_E4M3: ['float8 (E4M3)', 'write it as float16, bfloat16 or float32'],
  F8_E5M2: ['float8 (E5M2)', 'write it as bfloat16 or float32'],
  F8_E4M3FNUZ: ['float8 (E4M3FNUZ)', 'write it as float16, bfloat16 or float32'],
  F8_E5M2FNUZ: ['float8 (E5M2FNUZ)', 'write it as bfloat16 or float32'],
}

function tooLarge(where: string, value: number, cast: number, to: FloatingDtype): BasilError {
  const [name, next] = inWords[to]
  const why = `${value} would become ${Number.isNaN(cast) ? 'NaN' : 'infinite'}`
  return new BasilError({ code: 'not-finite', what: `A weight is too large for ${name}`, where, why, next })
}
