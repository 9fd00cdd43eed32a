// A file's floating tensors in another type, cast as they are read, a few MB at a time:
//   y = the nearest value of the new type to x, of two equally near the one with an even last bit; x infinite or NaN stays so
// A finite x that would become infinite is refused, naming its tensor. Integers and booleans are as they were.
import type { WrittenDtype } from '../../../contract/checkpoint.ts'
import { BasilError } from '../../../contract/errors.ts'
import { type Dtype, dtypes, isFloating, toFloat16, toFloat32 } from '../dtype.ts'
import { infoOf, type TensorFile, type TensorInfo } from '../tensor-file.ts'

const dtypeOf = { float32: 'F32', float16: 'F16', bfloat16: 'BF16' } as const satisfies Record<WrittenDtype, Dtype>
const piece = 2 ** 20 // elements cast at a time

type Numbers = Float32Array | Float64Array

/** null: every tensor in its own type. Reads throw not-finite where a value is too large for the type. */
export function inDtype(file: TensorFile, dtype: WrittenDtype | null): TensorFile {
  if (dtype === null) return file
  const to = dtypeOf[dtype]
  const isCast = (info: TensorInfo): boolean => isFloating(info.dtype) && info.dtype !== to
  const tensors = new Map<string, TensorInfo>()
  for (const [name, info] of file.tensors)
    tensors.set(name, isCast(info) ? { ...info, dtype: to, bytes: (info.bytes / dtypes[info.dtype]) * dtypes[to] } : info)

  const readRange = async (name: string, offset: number, length: number, into?: Uint8Array): Promise<Uint8Array> => {
    const info = infoOf(file.tensors, name, file.source)
    if (!isCast(info)) return file.readRange(name, offset, length, into)
    const out = into?.subarray(0, length) ?? new Uint8Array(length)
    const [first, count] = [offset / dtypes[to], length / dtypes[to]]
    for (let at = 0; at < count; at += piece) {
      const bytes = await file.readRange(name, (first + at) * dtypes[info.dtype], Math.min(piece, count - at) * dtypes[info.dtype])
      const numbers = numbersOf(bytes, info.dtype)
      const cast = casts[to](numbers)
      const lost = firstLost(numbers, toFloat32(cast, to))
      if (lost >= 0) throw tooLarge(file, name, numbers[lost] as number, dtype)
      out.set(cast, at * dtypes[to])
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

/** Exactly, whatever the type. */
function numbersOf(bytes: Uint8Array, dtype: Dtype): Numbers {
  if (dtype !== 'F64') return toFloat32(bytes, dtype)
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes)
  return new Float64Array(buffer, byteOffset, byteLength / 8)
}

const casts = {
  F32: (numbers: Numbers) => new Uint8Array(Float32Array.from(numbers).buffer),
  F16: (numbers: Numbers) => new Uint8Array(toFloat16(numbers).buffer),
  BF16: (numbers: Numbers) => new Uint8Array(toBfloat16(numbers).buffer),
}

/** The upper half of a float32, rounded by the lower one. */
function toBfloat16(numbers: Numbers): Uint16Array {
  const bits = new Uint32Array((numbers instanceof Float32Array ? numbers : roundedToOdd(numbers)).slice().buffer)
  const halves = new Uint16Array(bits.length)
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i] as number
    const isNaN = (word & 0x7fffffff) > 0x7f800000
    halves[i] = isNaN ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16
  }
  return halves
}

/** float64 as float32 whose last bit says that something was cut off: rounding it once more then rounds as in one go. */
function roundedToOdd(numbers: Float64Array): Float32Array {
  const rounded = Float32Array.from(numbers)
  const bits = new Int32Array(rounded.buffer)
  for (let i = 0; i < rounded.length; i++) {
    const [near, exact] = [rounded[i] as number, numbers[i] as number]
    if (near === exact || Number.isNaN(exact)) continue
    if (Math.abs(near) > Math.abs(exact)) bits[i] = (bits[i] as number) - 1 // towards zero: sign and size are apart in the bits
    bits[i] = (bits[i] as number) | 1
  }
  return rounded
}

function firstLost(numbers: Numbers, cast: Float32Array): number {
  for (let i = 0; i < cast.length; i++) if (!Number.isFinite(cast[i]) && Number.isFinite(numbers[i])) return i
  return -1
}

function tooLarge(file: TensorFile, name: string, value: number, dtype: WrittenDtype): BasilError {
  return new BasilError({
    code: 'not-finite',
    what: `A weight is too large for ${dtype}`,
    where: `${file.source.name}: ${name}`,
    why: `${value} would become infinite`,
    next: { float16: 'write it as bfloat16 or float32', bfloat16: 'write it as float32', float32: 'keep its own type' }[dtype],
  })
}
