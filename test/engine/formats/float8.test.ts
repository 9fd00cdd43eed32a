// float8: what every code stands for by the formats' definitions, the way back, rounding at and between the steps, and
// what is beyond them. (test/interop/checkpoints.heavy.test.ts holds all of it against ml_dtypes and torch, bit for
// bit.)
import { expect, test } from 'vitest'

import { toFloat32, widenInPlace } from '../../../src-main/engine/formats/dtype.ts'
import { type Float8, float8Table, toFloat8 } from '../../../src-main/engine/formats/float8.ts'
import { openTensorFile } from '../../../src-main/engine/formats/open.ts'
import { cast, inDtype } from '../../../src-main/engine/formats/writing/in-dtype.ts'
import { sourceOf, written } from './bytes.ts'

const types = ['F8_E4M3', 'F8_E5M2', 'F8_E4M3FNUZ', 'F8_E5M2FNUZ'] as const
const codes = Uint8Array.from({ length: 256 }, (_, code) => code)
const only = (dtype: Float8, value: number): number => toFloat8(Float64Array.of(value), dtype)[0] as number

/** Smallest step, largest number, and the codes of 1, the largest, infinity and NaN: from the papers' tables. */
const facts: Record<
  Float8,
  { step: number; largest: number; one: number; top: number; infinite: number; nan: number }
> = {
  F8_E4M3: { step: 2 ** -9, largest: 448, one: 0x38, top: 0x7e, infinite: 0x7f, nan: 0x7f },
  F8_E5M2: { step: 2 ** -16, largest: 57344, one: 0x3c, top: 0x7b, infinite: 0x7c, nan: 0x7e },
  F8_E4M3FNUZ: { step: 2 ** -10, largest: 240, one: 0x40, top: 0x7f, infinite: 0x80, nan: 0x80 },
  F8_E5M2FNUZ: { step: 2 ** -17, largest: 57344, one: 0x40, top: 0x7f, infinite: 0x80, nan: 0x80 },
}

test.each(types)('%s: known codes, and every code comes back to itself', (dtype) => {
  const { step, largest, one, top, infinite, nan } = facts[dtype]
  const table = float8Table(dtype)
  expect([table[0], table[1], table[one], table[top], table[0x80 | one]]).toEqual([0, step, 1, largest, -1])
  expect([only(dtype, step), only(dtype, 1), only(dtype, -1), only(dtype, largest)]).toEqual([1, one, 0x80 | one, top])
  expect([only(dtype, Number.NaN), only(dtype, Number.POSITIVE_INFINITY)]).toEqual([nan, infinite])
  const back = toFloat8(table, dtype)
  for (const code of codes)
    if (Number.isNaN(table[code])) expect(Number.isNaN(table[back[code] as number]), `NaN ${code}`).toBe(true)
    else expect(back[code], `code ${code}`).toBe(code)
  expect(table.filter(Number.isNaN).length).toBe({ F8_E4M3: 2, F8_E5M2: 6, F8_E4M3FNUZ: 1, F8_E5M2FNUZ: 1 }[dtype])
})

test.each(types)(
  '%s: between two steps the nearer one is taken, half way the even one, below the smallest 0',
  (dtype) => {
    const { step, largest, top, infinite } = facts[dtype]
    const table = float8Table(dtype)
    for (let code = 0; code < top; code++) {
      const [low, high] = [table[code] as number, table[code + 1] as number]
      const half = (low + high) / 2
      const even = code % 2 === 0 ? code : code + 1
      const little = (high - low) * 2 ** -20
      expect([only(dtype, half), only(dtype, half - little), only(dtype, half + little)], `above ${low}`).toEqual([
        even,
        code,
        code + 1,
      ])
    }
    const isSigned = dtype === 'F8_E4M3' || dtype === 'F8_E5M2'
    expect([only(dtype, step / 2), only(dtype, -step / 2), only(dtype, 1e-300)]).toEqual([0, isSigned ? 0x80 : 0, 0])
    const last = largest - (table[top - 1] as number) // the step at the top
    expect([only(dtype, largest + 0.49 * last), only(dtype, largest + 0.51 * last), only(dtype, 1e300)]).toEqual([
      top,
      infinite,
      infinite,
    ])
  },
)

test.each(types)('%s: widened where they stand as toFloat32 widens them, at any alignment', (dtype) => {
  const values = new Float32Array(256)
  new Uint8Array(values.buffer, 3 * 256).set(codes)
  widenInPlace(values, dtype)
  expect(values).toEqual(float8Table(dtype))
  expect(toFloat32(Uint8Array.of(0, ...codes).subarray(1), dtype)).toEqual(float8Table(dtype))
})

test('what float8 cannot hold is refused by name; to float16 and back every code is the same', async () => {
  const where = (): string => 'a.safetensors: w'
  expect(() => cast(Float32Array.of(1, 480), 'F8_E4M3', where)).toThrow(
    /too large for float8 \(E4M3\) \(a.safetensors: w\): 480 would become NaN/,
  )
  expect(() => cast(Float32Array.of(-61440), 'F8_E5M2', where)).toThrow(/-61440 would become infinite/)
  expect(() => cast(Float32Array.of(Number.NEGATIVE_INFINITY), 'F8_E4M3', where)).toThrow(/-Infinity would become NaN/)
  expect([...cast(Float32Array.of(Number.NaN, 448), 'F8_E4M3', where)]).toEqual([0x7f, 0x7e])
  for (const dtype of types) {
    const file = await openTensorFile(sourceOf(await written([{ name: 'w', dtype, shape: [256], bytes: codes }])))
    const halves = await inDtype(file, 'float16').read('w')
    const wide = toFloat32(halves, 'F16')
    expect(wide).toEqual(float8Table(dtype))
  }
})
