// Models added up as their files have them, against plain loops over float64: every number has the same bits, whatever
// the type, the number of models and the length.
import { describe, expect, test } from 'vitest'

import { Adder, type Kind, together } from '../../../../src-main/engine/devices/double/sums.ts'
import { toFloat16, toFloat32 } from '../../../../src-main/engine/formats/dtype.ts'
import { cast } from '../../../../src-main/engine/formats/writing/in-dtype.ts'
import { noise } from '../../merging/spectral/parts.ts'

const elements = 2 ** 14
const bytesIn: Record<Kind, (values: Float32Array) => Uint8Array> = {
  F32: ({ buffer }) => new Uint8Array(buffer),
  BF16: (values) => cast(values, 'BF16', () => ''),
  F16: (values) => new Uint8Array(toFloat16(values).buffer),
}

/** Theta of an adder whose places hold what was there before. */
function added(kind: Kind, [base, ...models]: readonly Uint8Array[], factors: readonly number[], n: number) {
  const adder = Adder.lend(elements, together + 1)
  const put = (place: number, bytes: Uint8Array): Float32Array => {
    const values = adder.places[place] as Float32Array
    const own = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).fill(0xff)
    own.set(bytes)
    return values
  }
  const still = adder.begin(put(0, base as Uint8Array), kind, n)
  let sum = { values: still, isFinite: true }
  for (let t = 0; t === 0 || t < models.length; t += together) {
    const group = models.slice(t, t + together)
    const terms = group.map((bytes, k) => ({ values: put(k + 1, bytes), c: factors[t + k] as number }))
    sum = adder.add(terms, { kind, n, isFirst: t === 0, isLast: t + together >= models.length })
  }
  const found = { ...sum, values: sum.values.slice(), base: still.slice(), halves: adder.bfloat16(n)?.slice() ?? null }
  adder.giveBack()
  return found
}

describe.each(['F32', 'BF16', 'F16'] as const)('%s', (kind) => {
  test.each([1, 2, 7, 8, 9, 4096, 4097, 9003])('%i elements of 0 to 20 models', (n) => {
    for (const count of [0, 1, 2, 8, 9, 20]) {
      const files = Array.from({ length: count + 1 }, (_, t) => bytesIn[kind](Float32Array.from(noise(n, t + 1))))
      const [base, ...models] = files.map((bytes) => toFloat32(bytes, kind))
      const factors = models.map((_, t) => 0.3 - 0.07 * t)
      const theta = (base as Float32Array).map((b, i) => {
        let sum = b
        for (const [t, model] of models.entries()) sum += (factors[t] as number) * ((model[i] as number) - b)
        return sum
      })
      const found = added(kind, files, factors, n)
      expect(found.isFinite).toBe(true)
      expect(found.base).toEqual(base)
      expect(found.values).toEqual(theta)
      expect(new Uint8Array(found.halves?.buffer ?? new ArrayBuffer())).toEqual(cast(theta, 'BF16', () => ''))
    }
  })

  test('a last number that is not finite is told', () => {
    for (const n of [1, 8, 4099])
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
        const values = Float32Array.from(noise(n, 1))
        values[n - 1] = bad
        const files = [Float32Array.from(noise(n, 2)), values].map((numbers) => bytesIn[kind](numbers))
        expect(added(kind, files, [1], n)).toMatchObject({ isFinite: false, halves: null })
      }
  })
})

test('every float16 and every bfloat16 is widened to the bit', () => {
  const codes = Uint16Array.from({ length: 2 ** 16 }, (_, i) => i)
  for (const kind of ['F16', 'BF16'] as const)
    for (let at = 0; at < codes.length; at += elements) {
      const bytes = new Uint8Array(codes.slice(at, at + elements).buffer)
      const words = (values: Float32Array): Uint32Array => new Uint32Array(values.slice().buffer)
      expect(words(added(kind, [bytes], [], elements).base)).toEqual(words(toFloat32(bytes, kind)))
    }
})

test('float32 becomes the nearest bfloat16, an even one of two; what would be infinite is told', () => {
  const largest = new Float32Array(Uint32Array.of(0x7f7f7fff).buffer)[0] as number
  const words = Uint32Array.from({ length: elements }, (_, i) => (0x3f7f0000 + (i << 9)) ^ (i % 2 ? 0x80000000 : i % 7))
  const values = new Float32Array(words.buffer)
  values[3] = -largest
  const found = added('F32', [new Uint8Array(values.buffer)], [], elements)
  expect(new Uint8Array(found.halves?.buffer ?? new ArrayBuffer())).toEqual(cast(values, 'BF16', () => ''))
  words[5] = 0xff7f8000
  expect(added('F32', [new Uint8Array(words.buffer)], [], elements)).toMatchObject({ isFinite: true, halves: null })
})
