// Sums of tensors, their inner products, and AdamW, as float64 does them, on every engine: elements that a mask leaves
// out keep their bits, clones of what is written over keep theirs, and nothing is left behind.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import type { AdamwStep, Moving, Ops } from '../../../src-main/engine/devices/ops.ts'
import { disposeAll, type Tensor } from '../../../src-main/engine/devices/tensor.ts'
import { adamwStep } from '../../../src-main/numbers/adamw.ts'
import { type Close, closeOn } from './close.ts'
import { kernelEngines } from './engines.ts'
import { failingOps, messages } from './failing-ops.ts'
import * as reference from './reference.ts'

type Given = reference.AdamwNumbers

const sizes = [[1], [3], [63], [64], [65], [4099], [150_001]] as const
const step: AdamwStep = { rate: 0.01, decay: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: 1, scale: 1 }

describe.each(await kernelEngines())('$name', ({ options }) => {
  let backend: Backend
  let ops: Ops
  let on: Close
  beforeAll(async () => {
    backend = await openBackend(options)
    ops = backend.ops
    on = closeOn(ops)
  })
  afterAll(() => backend.close())

  const tensor = (values: ArrayLike<number>, shape: readonly number[] = [values.length]): Tensor =>
    ops.upload(Float32Array.from(values), shape)
  const movingOf = ({ value, mean, square }: Given): Moving => ({
    value: tensor(value),
    mean: tensor(mean),
    square: tensor(square),
  })
  const stepped = (given: Given, numbers: AdamwStep): Moving => {
    const gradient = tensor(given.gradient)
    const mask = given.mask && tensor(given.mask)
    const origin = given.origin && tensor(given.origin)
    const next = ops.adamw(movingOf(given), gradient, numbers, { mask, origin })
    disposeAll([gradient, mask, origin].flatMap((one) => (one ? [one] : [])))
    return next
  }
  const bitsOf = async ({ value, mean, square }: Moving): Promise<number[][]> => [
    bits(await on.got(value)),
    bits(await on.got(mean)),
    bits(await on.got(square)),
  ]

  test.each(sizes)('adds up and multiplies %i elements', async (count) => {
    const draw = reference.stream(count)
    const all = Array.from({ length: 9 }, () => draw(count))
    const coefficients = [...draw(9)]
    const tensors = all.map((values) => tensor(values))
    for (const k of [1, 2, 4, 5, 9]) {
      const want = all[0]?.map((_, i) =>
        all.slice(0, k).reduce((sum, x, j) => sum + (coefficients[j] ?? 0) * (x[i] ?? 0), 0),
      )
      await on.close(ops.combine(tensors.slice(0, k), coefficients.slice(0, k)), want ?? [], [count])
    }
    const once = tensor(all[0]?.map((x, i) => (i === 0 ? -0 : x)) ?? [])
    expect(bits(await on.got(ops.combine([once], [1])))).toEqual(bits(await on.got(once)))
    const dots = tensors.map((x) => ops.dot(x, tensors[1] as Tensor))
    const found = await ops.readDots(dots)
    for (const [k, x] of all.entries()) {
      const other = all[1] ?? x
      const size = Math.sqrt(reference.inner(x, x) * reference.inner(other, other))
      expect(found[k]).toHaveLength(1)
      expect(Math.abs((found[k]?.[0] ?? Number.NaN) - reference.inner(x, other))).toBeLessThanOrEqual(1e-6 * size)
    }
    disposeAll([...dots, ...tensors])
  })

  test('an inner product is read together with those of vectors, and is of any shape', async () => {
    const x = tensor([1, 2, 3, 4, 5, 6], [2, 3])
    const held = ops.vectors(Float32Array.of(1, 1, 1, 1, 1, 1, 2, 0, 0, 0, 0, 0), 2, 'float32')
    const dots = [ops.dot(x, x), held.dots(x), ops.dot(x, x)]
    expect(await ops.readDots(dots)).toEqual([[91], [21, 2], [91]])
    disposeAll(dots)
    held.dispose()
    x.dispose()
  })

  test.each(sizes)('a step of AdamW over %i elements is that of float64', async (count) => {
    const draw = reference.stream(count)
    const given: Given = {
      value: draw(count),
      mean: draw(count),
      square: draw(count).map((x) => Math.fround(x * x)),
      gradient: draw(count),
    }
    const beside = { mask: draw(count).map((x) => Number(x > 0)), origin: draw(count) }
    for (const [numbers, more] of [
      [{ ...step, epsilon: 1e-3 }, {}],
      [{ ...step, step: 1000, scale: 0.25 }, {}],
      [{ ...step, step: 3, decay: 0 }, { mask: beside.mask }],
      [{ ...step, step: 3, scale: 2 }, { origin: beside.origin }],
      [{ ...step, step: 1000, beta1: 0.8, beta2: 0.99 }, beside],
    ] as const) {
      const want = reference.adamw({ ...given, ...more }, numbers)
      const next = stepped({ ...given, ...more }, numbers)
      await on.close(next.value, want.value, [count])
      await on.close(next.mean, want.mean, [count])
      await on.close(next.square, want.square, [count])
    }
  })

  test('elements with a mask of 0 keep their bits, and their means see the gradient', async () => {
    const count = 4099
    const draw = reference.stream(5)
    const value = draw(count).map((x, i) => (i % 7 === 0 ? -0 : i % 11 === 0 ? 1e-40 : x))
    const gradient = draw(count)
    const mask = draw(count).map((x) => Number(x > 0.5))
    let next = movingOf({ value, mean: new Float64Array(count), square: new Float64Array(count), gradient })
    const before = bits(await ops.read(next.value)) // TensorFlow takes what is below float32's normal numbers for 0
    const [dValue, masks] = [tensor(gradient), tensor(mask)]
    for (let t = 1; t <= 3; t++) next = ops.adamw(next, dValue, { ...step, step: t }, { mask: masks })
    disposeAll([dValue, masks])
    const [got, mean] = await bitsOf(next)
    const moved = got?.map((bit, i) => bit !== before[i])
    expect(moved?.some((is, i) => is && mask[i] === 0)).toBe(false)
    expect(moved?.every((is, i) => is || mask[i] === 0)).toBe(true)
    expect(mean?.every((bit) => bit !== 0)).toBe(true)
  })

  test('20 steps are those of AdamW in float64', async () => {
    const [count, steps] = [65, 20]
    const draw = reference.stream(7)
    const start = draw(count)
    const table = [start.slice()]
    const moments = { first: [new Float64Array(count)], second: [new Float64Array(count)], step: 0 }
    const zeros = new Float64Array(count)
    let next = movingOf({ value: start, mean: zeros, square: zeros, gradient: zeros })
    for (let t = 1; t <= steps; t++) {
      const gradient = draw(count)
      const norm = Math.sqrt(reference.inner(gradient, gradient))
      adamwStep({ learningRate: 0.02, weightDecay: 0.1, clipNorm: 1 }, table, [gradient], moments)
      const given = tensor(gradient)
      next = ops.adamw(next, given, { ...step, rate: 0.02, step: t, scale: Math.min(1, 1 / (norm + 1e-6)) })
      given.dispose()
    }
    await on.close(next.value, table[0] ?? [], [count])
    await on.close(next.mean, moments.first[0] ?? [], [count])
    await on.close(next.square, moments.second[0] ?? [], [count])
  })

  test('what is written over is the caller`s alone: clones stay as they were', async () => {
    const draw = reference.stream(9)
    const [value, gradient] = [draw(300), tensor(draw(300))]
    const present: Moving = { value: tensor(value), mean: ops.zeros([300]), square: ops.zeros([300]) }
    const twins = [present.value, present.mean, present.square].map((x) => ops.clone(x))
    const next = ops.adamw(present, gradient, step, { origin: twins[0] })
    const kept = await Promise.all(twins.map((twin) => ops.read(twin)))
    expect(kept).toEqual([Float32Array.from(value), new Float32Array(300), new Float32Array(300)])
    expect(await on.got(next.value)).not.toEqual(Float32Array.from(value))
    disposeAll([...twins, next.mean, next.square, gradient])
  })

  test('the next outlives the scope it was made in, and nothing else is left', async () => {
    const draw = reference.stream(11)
    const zeros = new Float64Array(4099)
    const given = { value: draw(4099), mean: zeros, square: zeros, gradient: zeros, mask: draw(4099) }
    const once = async (t: number): Promise<void> => {
      const present = movingOf(given)
      const scope = ops.scope()
      const { next, dots } = scope.run(() => {
        const gradient = ops.combine([tensor(draw(4099)), present.value], [1, 0.5])
        const next = ops.adamw(present, gradient, { ...step, step: t }, { mask: tensor(given.mask) })
        return { next, dots: ops.dot(gradient, gradient) }
      })
      scope.dispose()
      expect((await ops.readDots([dots]))[0]?.[0]).toBeGreaterThan(0)
      dots.dispose()
      expect(await on.got(next.value)).toHaveLength(4099)
      disposeAll([next.mean, next.square])
    }
    await once(1)
    const before = backend.memory()
    for (let t = 2; t < 12; t++) await once(t)
    expect(backend.memory()).toEqual(before)
  })

  test('sizes that differ, sums of nothing and a step before the first are refused', () => {
    const [three, four] = [tensor([1, 2, 3]), tensor([1, 2, 3, 4])]
    const moving = { value: three, mean: three, square: three }
    for (const refused of [
      () => ops.combine([], []),
      () => ops.combine([three, four], [1, 2]),
      () => ops.combine([three], [1, 2]),
      () => ops.dot(three, four),
      () => ops.adamw(moving, four, step),
      () => ops.adamw(moving, three, step, { mask: four }),
      () => ops.adamw({ ...moving, mean: four }, three, step),
      () => ops.adamw(moving, three, { ...step, step: 0 }),
    ])
      expect(refused).toThrow(RangeError)
    disposeAll([three, four])
  })

  test('a step that a device in trouble refuses has taken nothing', async () => {
    const failing = failingOps(ops, (_, name) => (name === 'adamw' || name === 'combine' ? messages.full : null))
    const x = tensor([1, 2, 3])
    expect(() => failing.adamw({ value: x, mean: x, square: x }, x, step)).toThrow('OOM')
    expect(() => failing.combine([x, x], [1, 1])).toThrow('OOM')
    const dots = failing.dot(x, x)
    expect([await on.got(x), await failing.readDots([dots]), failing.done]).toEqual([
      Float32Array.of(1, 2, 3),
      [[14]],
      4,
    ])
    dots.dispose()
  })
})

test('the same bits with 1 and 2 threads, in the very same tensors', async () => {
  const results: string[] = []
  for (const threads of [1, 2]) {
    const { ops, close } = await openBackend({ prefer: 'wasm', threads })
    const draw = reference.stream(13)
    const [x, m, g, mask] = [0, 1, 2, 3].map(() => ops.upload<Tensor>(Float32Array.from(draw(100_003)), [100_003])) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ]
    const v = ops.upload<Tensor>(Float32Array.from(draw(100_003), Math.abs), [100_003])
    const sum = ops.combine([x, m, g], [0.3, -0.2, 0.7])
    const dots = await ops.readDots([ops.dot(x, g)])
    const next = ops.adamw({ value: x, mean: m, square: v }, g, step, { mask, origin: sum })
    expect([next.value === x, next.mean === m, next.square === v]).toEqual([true, true, true])
    const numbers = await Promise.all([sum, x, m, v].map((one) => ops.read(one)))
    results.push(JSON.stringify([dots, numbers.map(({ buffer }) => Buffer.from(buffer).toString('base64'))]))
    close()
  }
  expect(results[1]).toBe(results[0])
})

function bits(values: Float32Array): number[] {
  return [...new Uint32Array(values.buffer, values.byteOffset, values.length)]
}
