// Products in bfloat16 on native TensorFlow, where there are instructions for them: factors and products of 8 bits,
// sums in float32; what vectors are composed of and dotted with stays float32.
import { afterEach, describe, expect, test } from 'vitest'

import { type Backend, type BackendOptions, openBackend } from '../../../src-main/engine/devices/backend.ts'
import { kernelEngines, uploads } from './engines.ts'
import * as reference from './reference.ts'

const native = (await kernelEngines()).filter(({ options }) => options.prefer === 'native')

test.runIf(native.length === 0)('native TensorFlow is not installed here', ({ skip }) => skip())

describe.each(native)('$name', ({ options }) => {
  let backend: Backend | undefined
  afterEach(() => backend?.close())
  const { matrix, vector } = uploads(() => (backend as Backend).ops)
  const opened = async (more: Partial<BackendOptions>): Promise<Backend> => {
    backend?.close()
    backend = await openBackend({ ...options, ...more })
    return backend
  }

  test('a product of random numbers is off by the rounding of 8 bits, and one of small whole numbers is exact', async (context) => {
    if (!(await opened({})).products.includes('bf16')) context.skip()
    const { ops } = await opened({ products: 'bf16' })
    const draw = reference.stream(1)
    const [a, b] = [draw(64 * 96), draw(96 * 48)]
    const product = async (a: reference.Numbers, b: reference.Numbers): Promise<Float32Array> => {
      const [x, y] = [matrix(a, [64, 96]), matrix(b, [96, 48])]
      const found = ops.matmul(x, y)
      const values = await ops.read(found)
      for (const tensor of [x, y, found]) tensor.dispose()
      return values
    }
    const exactly = (a: reference.Numbers, b: reference.Numbers): number[] =>
      Array.from({ length: 64 * 48 }, (_, at) => {
        const [i, j] = [Math.floor(at / 48), at % 48]
        let sum = 0
        for (let k = 0; k < 96; k++) sum += (a[96 * i + k] as number) * (b[48 * k + j] as number)
        return sum
      })
    const error = reference.relativeError(await product(a, b), exactly(a, b))
    expect(error).toBeGreaterThan(1e-4)
    expect(error).toBeLessThan(1e-2)
    const [p, q] = [a.map(Math.sign), b.map(Math.sign)]
    expect([...(await product(p, q))]).toEqual(exactly(p, q))
  })

  test('vectors stay float32', async (context) => {
    if (!(await opened({})).products.includes('bf16')) context.skip()
    const { ops } = await opened({ products: 'bf16' })
    const draw = reference.stream(2)
    const [base, v] = [draw(500), draw(500)]
    const [held, x] = [ops.vectors(Float32Array.from(v), 1, 'float32'), vector(base)]
    const composed = held.compose(x, [0.3])
    const want = base.map((value, i) => value + 0.3 * (v[i] as number))
    expect(reference.relativeError(await ops.read(composed), want)).toBeLessThan(1e-6)
    for (const one of [held, x, composed]) one.dispose()
  })
})
