// A tensor's statistics against plain loops over its values, for every element type, across pieces, and with values
// that are not finite.
import { expect, test } from 'vitest'

import { type Dtype, dtypes, isNumeric } from '../../../src-main/engine/formats/dtype.ts'
import { statisticsOf } from '../../../src-main/engine/measures/statistics.ts'
import { seeded } from '../../faults/seeded.ts'
import { written } from '../formats/bytes.ts'
import { expectClose, folderOf, resultOf } from './memory.ts'

const chance = seeded(3)
const count = 150_000 // more than a piece
const normal = (): number => (chance() - 0.5) * 2 ** Math.floor(60 * chance() - 50)

const arrays: Partial<Record<Dtype, ArrayLike<number | bigint> & { buffer: ArrayBufferLike }>> = {
  F32: Float32Array.from({ length: count }, (_, i) =>
    i % 7 === 0 ? 0 : i === 140_001 ? Number.NaN : i === 5 ? Number.NEGATIVE_INFINITY : normal(),
  ),
  F64: Float64Array.from({ length: count }, () => 1e-13 * normal()),
  F16: new Float16Array(Float32Array.from({ length: 1000 }, () => normal())),
  I64: BigInt64Array.from({ length: 1000 }, (_, i) => BigInt(i) - 500n),
  I32: Int32Array.from({ length: 1000 }, (_, i) => i * i),
  I16: Int16Array.from({ length: 10 }, (_, i) => -i),
  I8: Int8Array.from({ length: 10 }, (_, i) => -i),
  U32: Uint32Array.from([2 ** 32 - 1, 0, 7]),
  U16: Uint16Array.from([65535, 0]),
  U8: Uint8Array.from({ length: 256 }, (_, i) => i),
  BOOL: Uint8Array.from([1, 0, 1, 1]),
}

test('norm, mean, range, zeros, values not finite and histogram are those of plain loops', async () => {
  const tensors = Object.entries(arrays).map(([dtype, values]) => ({
    name: dtype,
    dtype: dtype as Dtype,
    shape: [values.length],
    bytes: new Uint8Array(values.buffer as ArrayBuffer),
  }))
  const { open, left } = folderOf({ 'm.safetensors': await written(tensors) })
  const { tensors: found } = await resultOf(statisticsOf('m.safetensors', open))
  expect(left()).toBe(0)
  expect(found.map(({ name, dtype, shape }) => ({ name, dtype, shape }))).toEqual(
    tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
  )
  for (const [dtype, array] of Object.entries(arrays)) {
    const values = Array.from(array as ArrayLike<number>, Number)
    const finite = values.filter(Number.isFinite)
    const statistics = found.find(({ name }) => name === dtype)
    expectClose(statistics?.norm, Math.sqrt(finite.reduce((sum, x) => sum + x * x, 0)), `${dtype} norm`)
    expectClose(statistics?.mean, finite.reduce((sum, x) => sum + x, 0) / finite.length, `${dtype} mean`)
    expect(statistics?.smallest).toBe(finite.reduce((a, b) => Math.min(a, b)))
    expect(statistics?.largest).toBe(finite.reduce((a, b) => Math.max(a, b)))
    expect(statistics?.zeros).toBe(values.filter((x) => x === 0).length)
    expect(statistics?.nonFinite).toBe(values.length - finite.length)
    const histogram = Array.from({ length: 48 }, () => 0)
    for (const x of finite)
      if (x !== 0) {
        const bin = Math.min(47, Math.max(0, exponent(x) + 40))
        histogram[bin] = (histogram[bin] as number) + 1
      }
    expect(statistics?.histogram, dtype).toEqual(histogram)
  }
})

/** floor(log2 |x|), by halving and doubling. */
function exponent(x: number): number {
  let e = 0
  for (x = Math.abs(x); x >= 2; x /= 2) e++
  for (; x < 1; x *= 2) e--
  return e
}

test('tensors without a finite value, and without any, have numbers all the same', async () => {
  const bytes = await written([
    {
      name: 'nan',
      dtype: 'F32',
      shape: [2],
      bytes: new Uint8Array(Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY).buffer),
    },
    { name: 'none', dtype: 'F32', shape: [0, 3], bytes: new Uint8Array() },
    { name: 'bf16', dtype: 'BF16', shape: [2], bytes: Uint8Array.of(0x80, 0x3f, 0x20, 0xc1) },
    { name: 'e4m3', dtype: 'F8_E4M3', shape: [3], bytes: Uint8Array.of(0x38, 0xd2, 0x7f) },
    { name: 'complex', dtype: 'C64', shape: [1], bytes: new Uint8Array(8) }, // no numbers here: it is left out
    { name: 'four bits', dtype: 'F4', shape: [2], bytes: new Uint8Array(1) },
  ])
  const { tensors } = await resultOf(statisticsOf('m.safetensors', folderOf({ 'm.safetensors': bytes }).open))
  expect(tensors.map(({ histogram: _, ...t }) => t)).toEqual([
    { name: 'nan', dtype: 'F32', shape: [2], norm: 0, mean: 0, smallest: 0, largest: 0, zeros: 0, nonFinite: 2 },
    { name: 'none', dtype: 'F32', shape: [0, 3], norm: 0, mean: 0, smallest: 0, largest: 0, zeros: 0, nonFinite: 0 },
    {
      name: 'bf16',
      dtype: 'BF16',
      shape: [2],
      norm: Math.sqrt(101),
      mean: -4.5,
      smallest: -10,
      largest: 1,
      zeros: 0,
      nonFinite: 0,
    },
    {
      name: 'e4m3',
      dtype: 'F8_E4M3',
      shape: [3],
      norm: Math.sqrt(101),
      mean: -4.5,
      smallest: -10,
      largest: 1,
      zeros: 0,
      nonFinite: 1,
    },
  ])
  // a new type wants a line above
  expect(Object.keys(dtypes).filter((dtype) => isNumeric(dtype as Dtype)).length).toBe(17)
})
