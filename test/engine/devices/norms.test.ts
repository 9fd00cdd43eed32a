// Layer norm and the activations, and their ways back, on every engine, against float64.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import type { Ops } from '../../../src-main/engine/devices/ops.ts'
import type { Tensor2D } from '../../../src-main/engine/devices/tensor.ts'
import { type Close, closeOn } from './close.ts'
import { kernelEngines, uploads } from './engines.ts'
import type { Numbers } from './reference.ts'
import * as reference from './reference.ts'

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
    [1, 4],
    [3, 7],
    [50, 128],
    [301, 33],
    [17, 768],
  ])('normalises %i rows of %i, and its gradient', async (rows, width) => {
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
    await on.close(y, want.y, [rows, width])
    await on.close(ops.clone(saved.mean), want.mean, [rows])
    await on.close(ops.clone(saved.scale), want.scale, [rows])
    await on.close(ops.layerNormAgain(input, saved, vector(gain), vector(bias), 1e-5), want.y, [rows, width])
    const { dx, dgain, dbias } = ops.layerNormGradient(matrix(dy, [rows, width]), input, saved, vector(gain))
    const loss = (xs: Numbers, gains: Numbers, biases: Numbers) =>
      reference.inner(dy, reference.layerNorm(xs, gains, biases, rows, width, 1e-5).y)
    await on.closeSlopes(dx, (moved) => loss(moved, gain, bias), x)
    await on.closeSlopes(dgain, (moved) => loss(x, moved, bias), gain, 20)
    await on.closeSlopes(dbias, (moved) => loss(x, gain, moved), bias, 20)
    const [dyGiven, more] = [matrix(dy, [rows, width]), ops.upload<Tensor2D>(Float32Array.from(dy), [rows, width])]
    const added = ops.layerNormGradient(dyGiven, input, saved, vector(gain), more)
    const slopes = (moved: Numbers) => loss(moved, gain, bias) + reference.inner(dy, moved)
    await on.closeSlopes(added.dx, slopes, x)
  })

  test.each([
    ['quick-gelu', 7, 4, 12],
    ['gelu', 50, 32, 64],
    ['quick-gelu', 3, 5, 9],
  ] as const)('activates a product and goes back, %s: %i rows, %i to %i', async (kind, rows, narrow, wide) => {
    const draw = reference.stream(rows * wide)
    const [x, weight, bias, dy] = [draw(rows * narrow), draw(wide * narrow), draw(wide), draw(rows * narrow)]
    const product = reference.matmul(x, weight, rows, wide, narrow, false, true, bias)
    const made = ops.linearActivated(matrix(x, [rows, narrow]), matrix(weight, [wide, narrow]), vector(bias), kind)
    await on.close(made.active, reference.activation(product, kind), [rows, wide])
    await on.close(ops.clone(made.wide), product, [rows, wide])
    const held = Float64Array.from(await on.got(made.wide)) // as float32 has it
    const input = matrix(held, [rows, wide])
    for (const turned of [false, true]) {
      const given = reference.turned(weight, wide, narrow, turned)
      const back = ops.activatedGradient(
        matrix(dy, [rows, narrow]),
        matrix(given, turned ? [wide, narrow] : [narrow, wide]),
        input,
        kind,
        turned,
      )
      await on.close(back.active, reference.activation(held, kind), [rows, wide])
      const loss = (moved: Numbers) =>
        reference.inner(dy, reference.matmul(reference.activation(moved, kind), weight, rows, narrow, wide))
      await on.closeSlopes(back.dwide, loss, held)
    }
  })

  test.each(['quick-gelu', 'gelu'] as const)('applies %s and its derivative, far out as well', async (kind) => {
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
    await on.close(ops.activation(input, kind), reference.activation(x, kind), [1, x.length])
    const want = x.map(
      (value, i) =>
        (dy[i] ?? 0) * reference.slope((moved) => reference.activation(moved, kind)[0] ?? 0, Float64Array.of(value), 0),
    )
    const one = matrix(Float64Array.of(1), [1, 1])
    const back = ops.activatedGradient(matrix(dy, [x.length, 1]), one, matrix(x, [x.length, 1]), kind)
    // the same bits where it is the same code that computes it, and not one more of a driver's compiler
    const [again, once] = [await on.got(back.active), await on.got(ops.activation(input, kind))]
    expect(reference.relativeError(again, once)).toBeLessThanOrEqual(backend.kind === 'webgpu' ? 1e-6 : 0)
    await on.close(back.dwide, want, [x.length, 1])
  })
})
