// Products of matrices, and sums, on every engine, against float64.
import { afterAll, beforeAll, describe, test } from 'vitest'

import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import type { Ops } from '../../../src-main/engine/devices/ops.ts'
import { type Close, closeOn } from './close.ts'
import { kernelEngines, uploads } from './engines.ts'
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
    [1, 1, 1],
    [1, 9, 5],
    [7, 1, 3],
    [5, 7, 300],
    [48, 8, 256],
    [49, 17, 257],
    [61, 100, 63],
    [3, 130, 515],
    [130, 301, 67],
  ])('multiplies %i x %i over %i, in all four transposed forms, and with a bias', async (m, n, k) => {
    const draw = reference.stream(m * 1000 + n)
    const [a, b, bias] = [draw(m * k), draw(k * n), draw(n)]
    for (const ta of [false, true])
      for (const tb of [false, true]) {
        const [x, y] = [matrix(a, ta ? [k, m] : [m, k]), matrix(b, tb ? [n, k] : [k, n])]
        await on.close(ops.matmul(x, y, ta, tb), reference.matmul(a, b, m, n, k, ta, tb), [m, n])
      }
    await on.close(
      ops.linear(matrix(a, [m, k]), matrix(b, [n, k]), vector(bias)),
      reference.matmul(a, b, m, n, k, false, true, bias),
      [m, n],
    )
    const added = draw(m * n)
    for (const turned of [false, true])
      await on.close(
        ops.linear(matrix(a, [m, k]), matrix(b, turned ? [k, n] : [n, k]), vector(bias), turned, matrix(added, [m, n])),
        reference.matmul(a, b, m, n, k, false, !turned, bias).map((value, i) => value + (added[i] ?? 0)),
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
  ])('sums %i rows of %i', async (rows, columns) => {
    const x = reference.stream(rows)(rows * columns)
    await on.close(ops.sumRows(matrix(x, [rows, columns])), reference.sumRows(x, rows, columns), [columns])
  })

  test.each([[1], [7], [16_384], [50_001]])('adds %i elements', async (count) => {
    const draw = reference.stream(count)
    const [x, y] = [draw(count), draw(count)]
    await on.close(
      ops.add(vector(x), vector(y)),
      x.map((value, i) => value + (y[i] ?? 0)),
      [count],
    )
  })
})
