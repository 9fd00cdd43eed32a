// Pixels and rows on their way through a tower, to the bit, on every engine: nothing is computed here that could be
// rounded differently.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import type { Images, Ops } from '../../../src-main/engine/devices/ops.ts'
import type { Tensor2D } from '../../../src-main/engine/devices/tensor.ts'
import { type Close, closeOn } from './close.ts'
import { kernelEngines, uploads } from './engines.ts'
import { type Numbers, stream, sumRows } from './reference.ts'

const normalisation = { factors: [0.0146, 0.01501, 0.0142], shifts: [-1.79, -1.752, -1.48] } as const

describe.each(await kernelEngines())('$name', ({ options }) => {
  let backend: Backend
  const { matrix, vector } = uploads(() => backend.ops)
  let ops: Ops
  let on: Close
  beforeAll(async () => {
    backend = await openBackend(options)
    ops = backend.ops
    on = closeOn(ops)
  })
  afterAll(() => backend.close())

  test.each([
    ['bytes', 3, 2, 32, 8],
    ['bytes', 1, 3, 28, 7],
    ['bytes', 3, 5, 160, 16],
    ['floats', 3, 2, 32, 8],
    ['floats', 1, 2, 30, 5],
    ['floats', 3, 1, 160, 32],
  ] as const)(
    'cuts images of %s, %i channels: %i of %i pixels, patches of %i',
    async (kind, channels, n, size, patch) => {
      const length = channels * size * size
      const draw = stream(length)
      const images: Images =
        kind === 'bytes'
          ? { pixels: times(n, (i) => Uint8Array.from({ length }, (_, p) => p * (7 + i))), channels, size }
          : { pixels: times(n, () => Float32Array.from(draw(length))), channels, size }
      const cut = ops.patches(images, patch, normalisation)
      expect(cut.shape).toEqual([n * (size / patch) ** 2, 3 * patch * patch])
      expect(await on.got(cut)).toEqual(cutOnHost(images, patch))
    },
  )

  test.each([
    [1, 2, 3],
    [3, 5, 7],
    [21, 50, 128],
  ])(
    'puts the class token before the patches of %i images of %i tokens, width %i, and back',
    async (n, tokens, width) => {
      const draw = stream(n * tokens)
      const [patches, classToken, positions] = [draw(n * (tokens - 1) * width), draw(width), draw(tokens * width)]
      const dy = draw(n * tokens * width)
      const at = (values: Numbers, row: number): Numbers => values.subarray(row * width, (row + 1) * width)
      const want = times(n * tokens, (row) => {
        const [image, token] = [Math.floor(row / tokens), row % tokens]
        const x = token === 0 ? classToken : at(patches, image * (tokens - 1) + token - 1)
        return x.map((value, e) => value + (at(positions, token)[e] as number))
      })
      const found = ops.embedding(
        matrix(patches, [n * (tokens - 1), width]),
        vector(classToken),
        matrix(positions, [tokens, width]),
      )
      await on.close(found, joined(want), [n * tokens, width])

      const back = ops.embeddingGradient(matrix(dy, [n * tokens, width]), n)
      const dpositions = sumRows(dy, n, tokens * width)
      await on.close(back.dpositions, dpositions, [tokens, width])
      await on.close(back.dclassToken, dpositions.subarray(0, width), [width])
      const others = times(n * tokens, (row) => row).filter((row) => row % tokens > 0)
      expect(await on.got(back.dpatches)).toEqual(joined(others.map((row) => at(dy, row))))
    },
  )

  test.each([
    [1, 1],
    [70, 3],
    [200, 768],
  ])('picks, puts, stacks and repeats rows: %i of %i', async (n, width) => {
    const values = Float32Array.from(stream(n)(n * width))
    values[0] = -0
    const x = ops.upload<Tensor2D>(values, [n, width])
    const row = (r: number): Float32Array => values.subarray(r * width, (r + 1) * width)
    const wanted = times(2 * n + 1, (i) => (i * 7) % n)
    expect(await on.got(ops.takeRows(x, wanted))).toEqual(joined(wanted.map(row)))
    const places = times(n, (r) => 3 * r + 1)
    const put = times(3 * n + 2, (r) => (r % 3 === 1 && r < 3 * n ? row((r - 1) / 3) : new Float32Array(width)))
    const placed = ops.putRows(x, places, 3 * n + 2)
    expect(placed.shape).toEqual([3 * n + 2, width])
    expect(await on.got(placed)).toEqual(joined(put))
    const first = ops.takeRows(x, [0])
    expect(await on.got(ops.stackRows([x, first, x]))).toEqual(joined([values, row(0), values]))
    const repeated = ops.repeatRow(vector(Float64Array.from(row(0))), n)
    expect(await on.got(repeated)).toEqual(joined(times(n, () => row(0))))
    expect(await on.got(ops.zeros([n, width]))).toEqual(new Float32Array(n * width))
    const twin = ops.clone(x)
    x.dispose()
    expect(await on.got(twin)).toEqual(values)
  })

  test('what a scope makes in several goes leaves with it, and what is kept stays', async () => {
    const before = backend.memory()
    const scope = ops.scope()
    const x = scope.run(() => ops.zeros<Tensor2D>([2, 3]))
    await ops.read(x)
    const sum = scope.run(() => ops.keep(ops.add(x, ops.add(x, x))))
    expect(() =>
      scope.run(() => {
        ops.add(x, x)
        throw new Error('half-way')
      }),
    ).toThrow('half-way')
    scope.run(() => ops.add(x, x)).dispose()
    scope.dispose()
    expect(backend.memory().tensors).toBe(before.tensors + 1)
    expect(await on.got(sum)).toEqual(new Float32Array(6))
    expect(backend.memory()).toEqual(before)
  })
})

test('a kernel is given no rows beyond those there are', async () => {
  const { ops, close } = await openBackend({ prefer: 'wasm', threads: 1 })
  const x = ops.zeros<Tensor2D>([2, 3])
  expect(() => ops.takeRows(x, [2])).toThrow(RangeError)
  expect(() => ops.patches({ pixels: [new Uint8Array(5)], channels: 1, size: 2 }, 1, normalisation)).toThrow(RangeError)
  expect(() => ops.patches({ pixels: [new Uint8Array(9)], channels: 1, size: 3 }, 2, normalisation)).toThrow(RangeError)
  close()
})

/** As a plain loop does it, pixel after pixel. */
function cutOnHost({ pixels, channels, size }: Images, patch: number): Float32Array {
  const found: number[] = []
  for (const image of pixels)
    for (let gy = 0; gy < size; gy += patch)
      for (let gx = 0; gx < size; gx += patch)
        for (let c = 0; c < 3; c++)
          for (let y = gy; y < gy + patch; y++)
            for (let x = gx; x < gx + patch; x++) {
              const value = image[(channels === 3 ? c * size * size : 0) + y * size + x] as number
              const [factor, shift] = [normalisation.factors[c] as number, normalisation.shifts[c] as number]
              found.push(image instanceof Uint8Array ? value * factor + shift : value)
            }
  return Float32Array.from(found)
}

function times<T>(n: number, make: (i: number) => T): T[] {
  return Array.from({ length: n }, (_, i) => make(i))
}

function joined(rows: readonly (Float32Array | Float64Array)[]): Float32Array {
  return Float32Array.from(rows.flatMap((row) => [...row]))
}
