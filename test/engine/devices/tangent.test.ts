// The forward-mode operations on the relaxed and the plain kernels, in tfjs' own operations and on native TensorFlow
// where it is installed: every tangent of a stack is the central difference of the float64 reference along its
// direction.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import { tfTangents } from '../../../src-main/engine/devices/native/tangents.ts'
import type { Ops } from '../../../src-main/engine/devices/ops.ts'
import type { Tensor } from '../../../src-main/engine/devices/tensor.ts'
import { kernelEngines, uploads } from './engines.ts'
import { activation, attention, layerNorm, type Numbers, relativeError, stream } from './reference.ts'

const most = 1e-5

const engines = (await kernelEngines()).flatMap((engine) => {
  const own = { ...engine, choose: (backend: Backend) => backend.ops }
  if (engine.name !== 'relaxed kernels') return [own]
  return [
    own,
    { ...engine, name: "tfjs' operations", choose: (backend: Backend) => ({ ...backend.ops, ...tfTangents }) },
  ]
})

describe.each(engines)('$name', ({ options, choose }) => {
  let backend: Backend
  const { matrix, vector } = uploads(() => backend.ops)
  let ops: Ops
  beforeAll(async () => {
    backend = await openBackend(options)
    ops = choose(backend)
  })
  afterAll(() => backend.close())

  const close = async (tensor: Tensor, want: Numbers, shape: number[]): Promise<void> => {
    expect(tensor.shape).toEqual(shape)
    expect(relativeError(await ops.read(tensor), want)).toBeLessThanOrEqual(most)
    tensor.dispose()
  }

  test.each([
    [1, 4, 1],
    [3, 7, 2],
    [50, 128, 3],
    [301, 33, 2],
    [17, 768, 5],
  ])('layer norm of %i rows of %i: %i tangents', async (rows, width, k) => {
    const draw = stream(rows + width)
    const [x, gain, bias, dx] = [draw(rows * width), draw(width), draw(width), draw(k * rows * width)]
    const input = matrix(x, [rows, width])
    const { saved } = ops.layerNorm(input, vector(gain), vector(bias), 1e-5)
    const want = alongEach(x, dx, (moved) => layerNorm(moved, gain, bias, rows, width, 1e-5).y)
    await close(ops.layerNormTangent(matrix(dx, [k * rows, width]), input, saved, vector(gain)), want, [
      k * rows,
      width,
    ])
  })

  test.each([
    ['quick-gelu', 1, 37, 2],
    ['quick-gelu', 150, 130, 3],
    ['gelu', 3, 9, 1],
    ['gelu', 150, 130, 2],
  ] as const)('%s of %i rows of %i: %i tangents', async (kind, rows, width, k) => {
    const draw = stream(rows)
    const [x, dx] = [draw(rows * width), draw(k * rows * width)]
    const want = alongEach(x, dx, (moved) => activation(moved, kind))
    await close(ops.activationTangent(matrix(dx, [k * rows, width]), matrix(x, [rows, width]), kind), want, [
      k * rows,
      width,
    ])
  })

  test.each([
    [1, 1, 1, 4, 1],
    [2, 17, 2, 128, 3],
    [1, 50, 12, 60, 2],
    [3, 5, 4, 20, 4],
    [1, 65, 2, 12, 2],
  ])(
    'attention over %i images, %i tokens, %i heads, width %i: %i tangents',
    async (images, tokens, heads, width, k) => {
      const draw = stream(tokens * heads)
      const rows = images * tokens
      const shape = { images, tokens, heads }
      const [qkv, dqkv] = [draw(rows * 3 * width), draw(k * rows * 3 * width)]
      const input = matrix(qkv, [rows, 3 * width])
      const { saved } = ops.attention(input, shape)
      const want = alongEach(qkv, dqkv, (moved) => attention(moved, images, tokens, heads, width).y)
      await close(ops.attentionTangent(matrix(dqkv, [k * rows, 3 * width]), input, saved, shape), want, [
        k * rows,
        width,
      ])
    },
  )
})

test('tangents have the same bits on 1, 2, 3 and 5 threads', async () => {
  const shape = { images: 24, tokens: 17, heads: 2 }
  const draw = stream(4)
  const rows = shape.images * shape.tokens
  const [qkv, dqkv, gain] = [draw(rows * 384), draw(3 * rows * 384), draw(384)]
  const results: string[] = []
  for (const threads of [1, 2, 3, 5]) {
    const { ops, close } = await openBackend({ prefer: 'wasm', threads })
    const { matrix, vector } = uploads(() => ops)
    const [x, dx] = [matrix(qkv, [rows, 384]), matrix(dqkv, [3 * rows, 384])]
    const { saved } = ops.layerNorm(x, vector(gain), vector(gain), 1e-5)
    const outputs = [
      ops.layerNormTangent(dx, x, saved, vector(gain)),
      ops.activationTangent(dx, x, 'gelu'),
      ops.attentionTangent(dx, x, ops.attention(x, shape).saved, shape),
    ]
    const values = await Promise.all(outputs.map((tensor) => ops.read(tensor)))
    results.push(values.map(({ buffer }) => Buffer.from(buffer).toString('base64')).join())
    close()
  }
  expect(new Set(results).size).toBe(1)
})

test('a stack that is no whole number of tangents is refused', async () => {
  const { ops, close } = await openBackend({ prefer: 'wasm', threads: 1 })
  const { matrix } = uploads(() => ops)
  const x = matrix(new Float64Array(12), [3, 4])
  expect(() => ops.activationTangent(matrix(new Float64Array(16), [4, 4]), x, 'gelu')).toThrow(RangeError)
  close()
})

/** d f(x) along each of the directions stacked in dx, stacked: (f(x + h d) - f(x - h d)) / 2h. */
function alongEach(x: Numbers, dx: Numbers, f: (x: Numbers) => Numbers): Numbers {
  const h = 1e-5
  const found: number[] = []
  for (let at = 0; at < dx.length; at += x.length) {
    const moved = (by: number): Numbers => f(x.map((value, i) => value + by * (dx[at + i] as number)))
    const [up, down] = [moved(h), moved(-h)]
    up.forEach((value, i) => {
      found.push((value - (down[i] as number)) / (2 * h))
    })
  }
  return Float64Array.from(found)
}
