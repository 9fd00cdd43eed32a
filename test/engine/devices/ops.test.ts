// Every operation of `Ops`, on the relaxed and the plain kernels and on native TensorFlow where it is installed,
// against float64.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { Backend } from '../../../src-main/engine/devices/backend.ts'
import { openBackend } from '../../../src-main/engine/devices/backend.ts'
import type { Activation, Ops, Precision } from '../../../src-main/engine/devices/ops.ts'
import type { Tensor, Tensor2D } from '../../../src-main/engine/devices/tf.ts'
import { tf } from '../../../src-main/engine/devices/tf.ts'
import { openWasm } from '../../../src-main/engine/devices/wasm/backend.ts'
import { kernelEngines, matrix, side, vector } from './engines.ts'
import type { Numbers } from './reference.ts'
import * as reference from './reference.ts'

const most = 1e-5
const repeats = 200

describe.each(await kernelEngines())('$name', ({ options }) => {
  let backend: Backend
  let ops: Ops
  beforeAll(async () => {
    backend = await openBackend(options)
    ops = backend.ops
  })
  afterAll(() => backend.close())

  const got = (tensor: Tensor) => {
    const values = ops.read(tensor)
    tensor.dispose()
    return values
  }
  const close = (tensor: Tensor, want: ArrayLike<number>, shape: number[]) => {
    expect(tensor.shape).toEqual(shape)
    expect(reference.relativeError(got(tensor), want)).toBeLessThanOrEqual(most)
  }
  // A sample of the gradient, elements spread over all of it, against slopes of the reference.
  const closeSlopes = (tensor: Tensor, f: (x: Numbers) => number, x: Numbers, sample = 60) => {
    expect(tensor.size).toBe(x.length)
    const all = got(tensor)
    const step = Math.max(1, Math.floor(x.length / sample))
    const indices = Array.from({ length: Math.ceil(x.length / step) }, (_, i) => i * step)
    const want = indices.map((index) => reference.slope(f, x, index))
    expect(
      reference.relativeError(
        indices.map((index) => all[index] as number),
        want,
      ),
    ).toBeLessThanOrEqual(most)
    expect(all.every(Number.isFinite)).toBe(true)
  }

  test.each([
    [1, 1, 1],
    [1, 9, 5],
    [7, 1, 3],
    [5, 7, 300],
    [48, 8, 256],
    [49, 17, 257],
    [61, 100, 63],
    [3, 130, 515],
    [130, 301, 67],
  ])('multiplies %i x %i over %i, in all four transposed forms, and with a bias', (m, n, k) => {
    const draw = reference.stream(m * 1000 + n)
    const [a, b, bias] = [draw(m * k), draw(k * n), draw(n)]
    for (const ta of [false, true])
      for (const tb of [false, true]) {
        const [x, y] = [matrix(a, ta ? [k, m] : [m, k]), matrix(b, tb ? [n, k] : [k, n])]
        close(ops.matmul(x, y, ta, tb), reference.matmul(a, b, m, n, k, ta, tb), [m, n])
      }
    close(
      ops.linear(matrix(a, [m, k]), matrix(b, [n, k]), vector(bias)),
      reference.matmul(a, b, m, n, k, false, true, bias),
      [m, n],
    )
  })

  test.each([
    [1, 1],
    [1, 37],
    [7, 16],
    [100, 3],
    [333, 67],
    [1600, 130],
  ])('sums %i rows of %i', (rows, columns) => {
    const x = reference.stream(rows)(rows * columns)
    close(ops.sumRows(matrix(x, [rows, columns])), reference.sumRows(x, rows, columns), [columns])
  })

  test.each([
    [1, 4],
    [3, 7],
    [50, 128],
    [301, 33],
    [17, 768],
  ])('normalises %i rows of %i, and its gradient', (rows, width) => {
    const draw = reference.stream(rows + width)
    const [x, gain, bias, dy] = [
      draw(rows * width).map((value) => Math.fround(value + 0.5)),
      draw(width),
      draw(width),
      draw(rows * width),
    ]
    const want = reference.layerNorm(x, gain, bias, rows, width, 1e-5)
    const input = matrix(x, [rows, width])
    const { y, saved } = ops.layerNorm(input, vector(gain), vector(bias), 1e-5)
    close(y, want.y, [rows, width])
    close(tf.clone(saved.mean), want.mean, [rows])
    close(tf.clone(saved.scale), want.scale, [rows])
    close(ops.layerNormAgain(input, saved, vector(gain), vector(bias), 1e-5), want.y, [rows, width])
    const { dx, dgain, dbias } = ops.layerNormGradient(matrix(dy, [rows, width]), input, saved, vector(gain))
    const loss = (xs: Numbers, gains: Numbers, biases: Numbers) =>
      reference.inner(dy, reference.layerNorm(xs, gains, biases, rows, width, 1e-5).y)
    closeSlopes(dx, (moved) => loss(moved, gain, bias), x)
    closeSlopes(dgain, (moved) => loss(x, moved, bias), gain, 20)
    closeSlopes(dbias, (moved) => loss(x, gain, moved), bias, 20)
  })

  test.each(['quick-gelu', 'gelu'] as const)('applies %s and its derivative, far out as well', (kind) => {
    const x = Float64Array.from(
      [
        ...reference
          .stream(5)(40_003)
          .map((value) => value * 3),
        0,
        -0,
        12,
        -12,
        100,
        -100,
        1e4,
        -1e4,
      ],
      Math.fround,
    )
    const dy = reference.stream(6)(x.length)
    const input = matrix(x, [1, x.length])
    close(ops.activation(input, kind), reference.activation(x, kind), [1, x.length])
    const want = x.map(
      (value, i) =>
        (dy[i] ?? 0) * reference.slope((moved) => reference.activation(moved, kind)[0] ?? 0, Float64Array.of(value), 0),
    )
    const back = ops.activationReverse(input, kind)
    expect(ops.read(back.y)).toEqual(got(ops.activation(input, kind)))
    close(back.gradient(matrix(dy, [1, x.length])), want, [1, x.length])
    back.dispose()
  })

  test.each([
    [1, 1, 1, 4],
    [2, 5, 1, 3],
    [3, 17, 2, 128],
    [2, 50, 12, 60],
    [1, 50, 3, 192],
    [5, 17, 4, 20],
    [1, 65, 2, 12],
  ])('attends: %i images, %i tokens, %i heads, width %i, and its gradient', (images, tokens, heads, width) => {
    const draw = reference.stream(tokens * heads)
    const rows = images * tokens
    const shape = { images, tokens, heads }
    const [qkv, dy] = [draw(rows * 3 * width), draw(rows * width)]
    const want = reference.attention(qkv, images, tokens, heads, width)
    const input = matrix(qkv, [rows, 3 * width])
    const { y, probabilities } = ops.attention(input, shape)
    close(y, want.y, [rows, width])
    close(tf.clone(probabilities), want.probabilities, [images * heads, tokens, tokens])
    const loss = (moved: Numbers) => reference.inner(dy, reference.attention(moved, images, tokens, heads, width).y)
    closeSlopes(ops.attentionGradient(matrix(dy, [rows, width]), input, probabilities, shape), loss, qkv, 40)
  })

  test.each([[1], [7], [16_384], [50_001]])('adds %i elements', (count) => {
    const draw = reference.stream(count)
    const [x, y] = [draw(count), draw(count)]
    close(
      ops.add(vector(x), vector(y)),
      x.map((value, i) => value + (y[i] ?? 0)),
      [count],
    )
  })

  test('lets NaN through, so that a failed step is seen', () => {
    const x = Float64Array.of(1, Number.NaN, 2, 3, 4, 5)
    for (const kind of ['quick-gelu', 'gelu'] as const)
      expect(got(ops.activation(matrix(x, [1, 6]), kind))[1]).toBeNaN()
    expect(got(ops.matmul(matrix(x, [2, 3]), matrix(Float64Array.of(1, 1, 1), [3, 1])))[0]).toBeNaN()
    const { y } = ops.attention(matrix(x, [1, 6]), { images: 1, tokens: 1, heads: 1 })
    expect([...got(y)].some(Number.isNaN)).toBe(true)
    expect(ops.vectors(new Float32Array(6).fill(1), 1, 'float32').dots(vector(x))[0]).toBeNaN()
  })

  test(`keeps memory flat over ${repeats} repeats`, () => {
    const inputs = makeInputs()
    disposeAll(everything(ops, inputs))
    const before = { ...backend.memory(), heap: heapBytes() }
    for (let i = 0; i < repeats; i++) disposeAll(everything(ops, inputs))
    expect({ ...backend.memory(), heap: heapBytes() }).toEqual(before)
  })
})

test('gives the same bits on 1, 2, 3 and 5 threads', async () => {
  const results: string[] = []
  for (const threads of [1, 2, 3, 5]) {
    const backend = await openBackend({ prefer: 'wasm', threads })
    const inputs = makeInputs()
    const outputs = everything(backend.ops, inputs).map((tensor) =>
      Buffer.from(backend.ops.read(tensor).buffer).toString('base64'),
    )
    results.push(
      [...outputs, ...dots(backend.ops, inputs.x, 'float32'), ...dots(backend.ops, inputs.x, 'float16')].join(),
    )
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
  const draw = reference.stream(3)
  const [a, b] = [draw(130 * 301), draw(301 * 67)]
  const product = backend.ops.matmul(matrix(a, [130, 301]), matrix(b, [301, 67]))
  expect(reference.relativeError(backend.ops.read(product), reference.matmul(a, b, 130, 67, 301))).toBeLessThanOrEqual(
    most,
  )
  expect(dots(backend.ops, product, 'float32')[0]).toBeGreaterThan(0)
  backend.close()
})

const shape = { images: 24, tokens: 17, heads: 2 }

function makeInputs() {
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
function everything(ops: Ops, { x, dy, weight, bias, gain }: ReturnType<typeof makeInputs>): Tensor[] {
  const qkv = ops.linear(x, weight, bias)
  const { y, probabilities } = ops.attention(qkv, shape)
  const norm = ops.layerNorm(x, gain, gain, 1e-5)
  const gradients = ops.layerNormGradient(dy, x, norm.saved, gain)
  const more = [
    ops.layerNormAgain(x, norm.saved, gain, gain, 1e-5),
    ops.matmul(dy, qkv, true),
    ops.matmul(qkv, weight),
    ops.sumRows(qkv),
    ops.attentionGradient(dy, qkv, probabilities, shape),
    ops.activation(qkv, 'gelu'),
    ops.activation(qkv, 'quick-gelu'),
    activationGradient(ops, dy, x, 'gelu'),
    activationGradient(ops, dy, x, 'quick-gelu'),
    ops.add(x, dy),
    ...composed(ops, x, dy),
  ]
  return [
    qkv,
    y,
    probabilities,
    norm.y,
    norm.saved.mean,
    norm.saved.scale,
    gradients.dx,
    gradients.dgain,
    gradients.dbias,
    ...more,
  ]
}

function activationGradient(ops: Ops, dy: Tensor2D, x: Tensor2D, kind: Activation): Tensor2D {
  const back = ops.activationReverse(x, kind)
  const gradient = back.gradient(dy)
  back.dispose()
  return gradient
}

function composed(ops: Ops, x: Tensor2D, dy: Tensor2D): Tensor[] {
  return (['float32', 'float16'] as const).map((precision) => {
    const held = ops.vectors(side([ops.read(dy), ops.read(x)]), 2, precision)
    held.dots(dy)
    const sum = held.compose(x, [0.5, -0.25])
    held.dispose()
    return sum
  })
}

/** < x, x > with x as a vector. */
function dots(ops: Ops, x: Tensor, precision: Precision): number[] {
  const held = ops.vectors(ops.read(x), 1, precision)
  const found = held.dots(x)
  held.dispose()
  return found
}

function disposeAll(tensors: Tensor[]): void {
  for (const tensor of tensors) tensor.dispose()
}

function heapBytes(): number {
  return (
    (tf.backend() as unknown as { wasm?: { wasmMemory: { buffer: SharedArrayBuffer } } }).wasm?.wasmMemory.buffer
      .byteLength ?? 0
  )
}
