// All operations of `Ops` together: NaN is let through, memory stays flat, bits do not depend on threads, and wasm's
// 4 GiB. What each computes is the subject of the files beside this one.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import type { Activation, Ops, Precision } from '../../../src-main/engine/devices/ops.ts'
import { disposeAll, type Tensor, type Tensor1D, type Tensor2D } from '../../../src-main/engine/devices/tensor.ts'
import { tf } from '../../../src-main/engine/devices/tf.ts'
import { openWasm } from '../../../src-main/engine/devices/wasm/backend.ts'
import { closeOn } from './close.ts'
import { kernelEngines, side, uploads } from './engines.ts'
import * as reference from './reference.ts'

const most = 1e-5
const repeats = 200

describe.each(await kernelEngines())('$name', ({ options }) => {
  let backend: Backend
  const { matrix, vector } = uploads(() => backend.ops)
  let ops: Ops
  beforeAll(async () => {
    backend = await openBackend(options)
    ops = backend.ops
  })
  afterAll(() => backend.close())

  test('lets NaN through, so that a failed step is seen', async () => {
    const { got } = closeOn(ops)
    const x = Float64Array.of(1, Number.NaN, 2, 3, 4, 5)
    for (const kind of ['quick-gelu', 'gelu'] as const)
      expect((await got(ops.activation(matrix(x, [1, 6]), kind)))[1]).toBeNaN()
    expect((await got(ops.matmul(matrix(x, [2, 3]), matrix(Float64Array.of(1, 1, 1), [3, 1]))))[0]).toBeNaN()
    const { y } = ops.attention(matrix(x, [1, 6]), { images: 1, tokens: 1, heads: 1 })
    expect([...(await got(y))].some(Number.isNaN)).toBe(true)
    const dots = ops.vectors(new Float32Array(6).fill(1), 1, 'float32').dots(vector(x))
    expect(await ops.readDots([dots])).toEqual([[Number.NaN]])
  })

  test(`keeps memory flat over ${repeats} repeats`, async () => {
    const inputs = makeInputs(ops)
    disposeAll(await everything(ops, inputs))
    const before = { ...backend.memory(), heap: heapBytes() }
    for (let i = 0; i < repeats; i++) disposeAll(await everything(ops, inputs))
    expect({ ...backend.memory(), heap: heapBytes() }).toEqual(before)
  })
})

test('gives the same bits on 1, 2, 3 and 5 threads', async () => {
  const results: string[] = []
  for (const threads of [1, 2, 3, 5]) {
    const backend = await openBackend({ prefer: 'wasm', threads })
    const inputs = makeInputs(backend.ops)
    const tensors = await everything(backend.ops, inputs)
    const values = await Promise.all(tensors.map((tensor) => backend.ops.read(tensor)))
    const outputs = values.map(({ buffer }) => Buffer.from(buffer).toString('base64'))
    for (const precision of ['float32', 'float16'] as const)
      outputs.push(String(await dots(backend.ops, inputs.x, precision)))
    results.push(outputs.join())
    backend.close()
  }
  expect(new Set(results).size).toBe(1)
})

test('throws a RangeError at 4 GiB, and goes on when memory is freed', async () => {
  const { device } = await openWasm(2)
  const kept: Tensor[] = []
  expect(() => {
    for (;;) kept.push(device.output([2 ** 27]))
  }).toThrow(RangeError)
  expect(kept.length).toBeGreaterThan(5)
  disposeAll(kept)
  const again = device.output([2 ** 27])
  again.dispose()
  device.close()
})

test('computes in memory beyond 2 GiB, which grew after the threads began', async () => {
  const backend = await openBackend({ prefer: 'wasm', threads: 2 })
  const filler = tf.backend() as unknown as { makeOutput(shape: number[], dtype: string): unknown }
  for (let i = 0; i < 5; i++) filler.makeOutput([2 ** 27], 'float32') // not tracked: goes with the backend
  const { matrix } = uploads(() => backend.ops)
  const draw = reference.stream(3)
  const [a, b] = [draw(130 * 301), draw(301 * 67)]
  const product = backend.ops.matmul(matrix(a, [130, 301]), matrix(b, [301, 67]))
  const found = await backend.ops.read(product)
  expect(reference.relativeError(found, reference.matmul(a, b, 130, 67, 301))).toBeLessThanOrEqual(most)
  expect(await dots(backend.ops, product, 'float32')).toBeGreaterThan(0)
  backend.close()
})

const shape = { images: 24, tokens: 17, heads: 2 }

function makeInputs(ops: Ops) {
  const { matrix, vector } = uploads(() => ops)
  const draw = reference.stream(1)
  const rows = shape.images * shape.tokens
  return {
    x: matrix(draw(rows * 128), [rows, 128]),
    dy: matrix(draw(rows * 128), [rows, 128]),
    weight: matrix(draw(384 * 128), [384, 128]),
    bias: vector(draw(384)),
    gain: vector(draw(128)),
  }
}

/** One of each operation, on shapes large enough for several tiles. */
async function everything(ops: Ops, { x, dy, weight, bias, gain }: ReturnType<typeof makeInputs>): Promise<Tensor[]> {
  const qkv = ops.linear(x, weight, bias)
  const { y, saved } = ops.attention(qkv, shape)
  const norm = ops.layerNorm(x, gain, gain, 1e-5)
  const gradients = ops.layerNormGradient(dy, x, norm.saved, gain, dy)
  const more = [
    ops.layerNormAgain(x, norm.saved, gain, gain, 1e-5),
    ops.matmul(dy, qkv, true),
    ops.matmul(qkv, weight),
    ops.sumRows(qkv),
    ops.attentionGradient(dy, qkv, saved, shape),
    ops.activation(qkv, 'gelu'),
    ops.activation(qkv, 'quick-gelu'),
    ...mlp(ops, x, qkv, weight, bias, 'gelu'),
    ...mlp(ops, x, qkv, weight, bias, 'quick-gelu'),
    ops.linear(qkv, weight, gain, true, x),
    ops.add(x, dy),
    ops.combine([x, dy, x], [0.5, -2, 3]),
    ...stepped(ops, x, dy),
    ...moved(ops, x, dy, gain),
    ...(await composed(ops, x, dy)),
  ]
  saved.dispose()
  return [qkv, y, norm.y, norm.saved.mean, norm.saved.scale, gradients.dx, gradients.dgain, gradients.dbias, ...more]
}

/** x (rows, in), dy (rows, out), weight (out, in), bias (out): a product and its activation, and a way back. */
function mlp(ops: Ops, x: Tensor2D, dy: Tensor2D, weight: Tensor2D, bias: Tensor1D, kind: Activation): Tensor2D[] {
  const { wide, active } = ops.linearActivated(x, weight, bias, kind)
  const back = ops.activatedGradient(dy, weight, x, kind)
  return [wide, active, back.active, back.dwide]
}

function stepped(ops: Ops, x: Tensor2D, dy: Tensor2D): Tensor[] {
  const start = { value: ops.clone(x), mean: ops.clone(dy), square: ops.zeros<Tensor2D>(x.shape) }
  const numbers = { rate: 0.1, decay: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-3, step: 3, scale: 0.7 }
  const { value, mean, square } = ops.adamw(start, dy, numbers, { mask: x, origin: dy })
  ops.dot(value, dy).dispose()
  return [value, mean, square]
}

/** What moves rows and pixels about, and no numbers. */
function moved(ops: Ops, x: Tensor2D, dy: Tensor2D, gain: Tensor1D): Tensor[] {
  const pixels = [1, 2].map((step) => Uint8Array.from({ length: 3 * 160 * 160 }, (_, i) => i * step))
  const normalisation = { factors: [0.1, 0.2, 0.3], shifts: [-1, 0, 1] } as const
  const back = ops.embeddingGradient(dy, shape.images)
  return [
    ops.patches({ pixels, channels: 3, size: 160 }, 16, normalisation),
    ops.embedding(back.dpatches, back.dclassToken, back.dpositions),
    back.dpatches,
    back.dclassToken,
    back.dpositions,
    ops.takeRows(x, [300, 0, 17]),
    ops.putRows(
      x,
      Array.from({ length: x.shape[0] }, (_, r) => 2 * r),
      2 * x.shape[0],
    ),
    ops.stackRows([x, dy, x]),
    ops.repeatRow(gain, 500),
    ops.zeros([500, 128]),
    ops.clone(x),
  ]
}

async function composed(ops: Ops, x: Tensor2D, dy: Tensor2D): Promise<Tensor[]> {
  const values = side([await ops.read(dy), await ops.read(x)])
  return (['float32', 'float16'] as const).map((precision) => {
    const held = ops.vectors(values, 2, precision)
    held.dots(dy).dispose()
    const sum = held.compose(x, [0.5, -0.25])
    held.dispose()
    return sum
  })
}

/** < x, x > with x as a vector. */
async function dots(ops: Ops, x: Tensor, precision: Precision): Promise<number> {
  const held = ops.vectors(await ops.read(x), 1, precision)
  const dots = held.dots(x)
  const [found] = await ops.readDots([dots])
  dots.dispose()
  held.dispose()
  return found?.[0] as number
}

function heapBytes(): number {
  return (
    (tf.backend() as unknown as { wasm?: { wasmMemory: { buffer: SharedArrayBuffer } } }).wasm?.wasmMemory.buffer
      .byteLength ?? 0
  )
}
