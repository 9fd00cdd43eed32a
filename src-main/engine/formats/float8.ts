// Numbers of 8 bits: a sign, an exponent, and 3 (E4M3) or 2 (E5M2) bits of fraction. Widening is exact; narrowing
// rounds once, to nearest, of two equally near the one with an even last bit, and does not saturate: what is too large
// becomes what the type has for it (as in ml_dtypes; torch 2.15 makes it 448 in E4M3, infinity too), so that whoever
// writes can refuse it.
//   E4M3       bias 7,  largest 448,    no infinity, one NaN of each sign (S.1111.111)
//   E5M2       bias 15, largest 57344,  infinities and NaN as IEEE 754 has them
//   E4M3FNUZ   bias 8,  largest 240,    no infinity, one NaN (0x80), no negative zero
//   E5M2FNUZ   bias 16, largest 57344,  the same
// Source: Micikevicius et al. 2022, "FP8 Formats for Deep Learning" (safetensors' F8_E4M3 is torch's float8_e4m3fn);
// Noune et al. 2022 for FNUZ.

interface Kind {
  fraction: number // bits
  bias: number
  largest: number // code of the largest finite number, without its sign
  infinite: number // code of what is too large
  nan: number
  isSigned: boolean // whether 0, what is infinite and NaN have both signs
}

const kinds = {
  F8_E4M3: { fraction: 3, bias: 7, largest: 0x7e, infinite: 0x7f, nan: 0x7f, isSigned: true },
  F8_E5M2: { fraction: 2, bias: 15, largest: 0x7b, infinite: 0x7c, nan: 0x7e, isSigned: true },
  F8_E4M3FNUZ: { fraction: 3, bias: 8, largest: 0x7f, infinite: 0x80, nan: 0x80, isSigned: false },
  F8_E5M2FNUZ: { fraction: 2, bias: 16, largest: 0x7f, infinite: 0x80, nan: 0x80, isSigned: false },
} as const satisfies Record<string, Kind>
export type Float8 = keyof typeof kinds

export const isFloat8 = (dtype: string): dtype is Float8 => Object.hasOwn(kinds, dtype)

const tables = new Map<Float8, Float32Array>()

/** The values of all 256 codes. */
export function float8Table(dtype: Float8): Float32Array {
  const table = tables.get(dtype) ?? Float32Array.from({ length: 256 }, (_, code) => valueOf(code, kinds[dtype]))
  tables.set(dtype, table)
  return table
}

function valueOf(code: number, { fraction, bias, largest, infinite, nan, isSigned }: Kind): number {
  const magnitude = code & 0x7f
  const sign = code & 0x80 ? -1 : 1
  if (!isSigned && code === nan) return Number.NaN
  if (magnitude > largest)
    return magnitude === infinite && infinite !== nan ? sign * Number.POSITIVE_INFINITY : Number.NaN
  const exponent = magnitude >> fraction
  const part = (magnitude & ((1 << fraction) - 1)) / (1 << fraction)
  return sign * (exponent ? (1 + part) * 2 ** (exponent - bias) : part * 2 ** (1 - bias))
}

/** Numbers as codes, rounded once from what they are. */
export function toFloat8(numbers: Float32Array | Float64Array, dtype: Float8): Uint8Array {
  const { fraction, bias, largest, infinite, nan, isSigned } = kinds[dtype]
  const codes = new Uint8Array(numbers.length)
  const wide = new Float64Array(1)
  const words = new Uint32Array(wide.buffer)
  for (let i = 0; i < numbers.length; i++) {
    wide[0] = numbers[i] as number
    const size = Math.abs(wide[0])
    const top = words[1] as number
    const sign = (top >>> 24) & 0x80
    if (Number.isNaN(size)) {
      codes[i] = isSigned ? sign | nan : nan
      continue
    }
    const exponent = Math.max(((top >>> 20) & 0x7ff) - 1023, 1 - bias) // of the step that the number lies in
    const steps = size * 2 ** (fraction - exponent) // exact: a power of two
    const whole = Math.floor(steps)
    const rest = steps - whole
    const rounded = rest > 0.5 || (rest === 0.5 && whole % 2 === 1) ? whole + 1 : whole
    const code = ((exponent + bias - 1) << fraction) + rounded // a carry goes over into the exponent
    if (size === Number.POSITIVE_INFINITY || code > largest) codes[i] = isSigned ? sign | infinite : infinite
    else codes[i] = isSigned || code > 0 ? sign | code : 0
  }
  return codes
}
