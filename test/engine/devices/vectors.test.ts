// Vectors on the device: composed and dotted in float32 and float16, as float64 does it, on every engine.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import type { Ops, Vectors } from '../../../src-main/engine/devices/ops.ts'
import type { Tensor } from '../../../src-main/engine/devices/tensor.ts'
import { kernelEngines, side, uploads } from './engines.ts'
import type { Numbers } from './reference.ts'
import * as reference from './reference.ts'

const most = 1e-5

describe.each(await kernelEngines())('$name', ({ options }) => {
  let backend: Backend
  const { vector } = uploads(() => backend.ops)
  let ops: Ops
  beforeAll(async () => {
    backend = await openBackend(options)
    ops = backend.ops
  })
  afterAll(() => backend.close())

  const got = async (tensor: Tensor) => {
    const values = await ops.read(tensor)
    tensor.dispose()
    return values
  }
  const close = async (tensor: Tensor, want: ArrayLike<number>) => {
    expect(reference.relativeError(await got(tensor), want)).toBeLessThanOrEqual(most)
  }
  const dotted = async (held: Vectors, gradient: Tensor): Promise<number[]> => {
    const dots = held.dots(gradient)
    const [found] = await ops.readDots([dots])
    dots.dispose()
    return found as number[]
  }

  test.each([[1], [7], [16_384], [50_001]])('composes and multiplies %i elements', async (count) => {
    const draw = reference.stream(count)
    const [base, other] = [draw(count), draw(count)]
    const vectors = Array.from({ length: 22 }, () => draw(count))
    const coefficients = [...draw(22)]
    for (const k of [0, 1, 2, 22]) {
      const want = base.map((value, i) =>
        vectors.slice(0, k).reduce((sum, v, j) => sum + (coefficients[j] ?? 0) * (v[i] ?? 0), value),
      )
      const held = ops.vectors(side(vectors.slice(0, k)), k, 'float32')
      await close(held.compose(vector(base), coefficients.slice(0, k)), want)
      expectInner(await dotted(held, vector(other)), vectors.slice(0, k), other, most)
      held.dispose()
    }
  })

  test.each([[1], [2], [7], [16_385], [50_001]])(
    'holds %i elements of vectors in float16, small ones as exactly as large ones',
    async (count) => {
      const draw = reference.stream(count)
      const [base, other] = [draw(count), draw(count)]
      const vectors = [1, 1e-5, 3e-9, 1e6, 0, 1e-4].map((size) => draw(count).map((v) => v * size))
      const held = ops.vectors(side(vectors), vectors.length, 'float16')
      for (const [k, v] of vectors.entries()) {
        const size = Math.max(...v.map(Math.abs))
        const one = vectors.map((_, j) => (j === k && size > 0 ? 1 / size : 0))
        const composed = await got(held.compose(vector(new Float64Array(count)), one))
        const off = composed.map((c, i) => Math.abs(c - (v[i] ?? 0) / (size || 1)))
        expect(off.reduce((a, b) => Math.max(a, b), 0)).toBeLessThanOrEqual(2 ** -11)
      }
      expectInner(await dotted(held, vector(other)), vectors, other, 2 ** -11)
      await close(
        held.compose(
          vector(base),
          vectors.map(() => 0),
        ),
        base,
      )
      held.dispose()
    },
  )

  const expectInner = (dots: number[], vectors: Numbers[], other: Numbers, bound: number) => {
    expect(dots.length).toBe(vectors.length)
    vectors.forEach((v, k) => {
      const size = Math.sqrt(reference.inner(v, v) * reference.inner(other, other))
      expect(Math.abs((dots[k] as number) - reference.inner(v, other))).toBeLessThanOrEqual(bound * size)
    })
  }

  test('is not touched by what is written into the array it came from', async () => {
    const values = Float32Array.of(1, 2, 3, 4, 5, 6)
    const base = ops.upload<Tensor>(values.slice(0, 3), [3])
    for (const precision of ['float32', 'float16'] as const) {
      const held = ops.vectors(values, 2, precision)
      values.fill(9)
      expect([...(await got(held.compose(base, [1, 1])))]).toEqual([6, 9, 12])
      expect(await dotted(held, base)).toEqual([14, 32])
      held.dispose()
      values.set([1, 2, 3, 4, 5, 6])
    }
    base.dispose()
  })
})
