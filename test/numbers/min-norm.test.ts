// The min-norm combination of task gradients: the oracle's case, and the conditions that make a point of the simplex
// the least one.
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { combined, minNorm } from '../../src-main/numbers/min-norm.ts'
import type { Table } from '../../src-main/numbers/table.ts'
import { expected, expectedTensor, tasks } from '../golden/fixture.ts'

const squared = (table: Table): number => table.reduce((sum, row) => sum + row.reduce((s, v) => s + v * v, 0), 0)
const inner = (a: Table, b: Table): number =>
  a.reduce((sum, row, k) => sum + row.reduce((s, v, i) => s + v * (b[k]?.[i] as number), 0), 0)

test('the golden gradients have the exact weights and squared norm of the oracle', async () => {
  const flat = await expectedTensor('mgda.gradients') // (tasks, vectors, blocks)
  const rows = tasks.length
  const columns = flat.length / rows / rows
  const gradients = tasks.map((_, t) =>
    tasks.map((_, k) => Float64Array.from(flat.subarray((t * rows + k) * columns, (t * rows + k + 1) * columns))),
  )
  const { weights, squaredNorm } = minNorm(gradients)
  expect(Math.abs(squaredNorm / expected.mgda.squaredNorm - 1)).toBeLessThan(1e-6)
  for (const [i, w] of weights.entries()) expect(Math.abs(w - expected.mgda.weights[i])).toBeLessThan(1e-4)
  expect(Math.abs(squared(combined(gradients, weights)) - squaredNorm)).toBeLessThan(1e-12)
})

test('no other point of the simplex is shorter: every gradient leans on d by at least its squared norm', () => {
  const gradient = (blocks: number) =>
    fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: blocks, maxLength: blocks })
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }).chain((blocks) => fc.array(gradient(blocks), { minLength: 1, maxLength: 22 })),
      (values) => {
        const gradients = values.map((g) => [Float64Array.from(g)])
        const { weights, squaredNorm } = minNorm(gradients)
        const d = combined(gradients, weights)
        const scale = Math.max(...gradients.map(squared))
        expect(Math.abs(weights.reduce((a, b) => a + b, 0) - 1)).toBeLessThan(1e-9)
        expect(Math.min(...weights)).toBeGreaterThanOrEqual(0)
        for (const g of gradients) expect(inner(g, d) - squaredNorm).toBeGreaterThanOrEqual(-1e-10 * scale - 1e-300)
      },
    ),
    { seed: 7, numRuns: 500 },
  )
})

test('two tasks have the closed form, opposed ones are Pareto stationary, a zero gradient too', () => {
  const two = [[Float64Array.of(1, 0)], [Float64Array.of(0, 2)]]
  expect(minNorm(two).weights[0]).toBeCloseTo(0.8, 12) // |g_2|^2 / (|g_1|^2 + |g_2|^2)
  expect(minNorm([[Float64Array.of(3, 1)], [Float64Array.of(-3, -1)]]).squaredNorm).toBeLessThan(1e-14)
  expect(minNorm([[Float64Array.of(3, 1)], [Float64Array.of(0, 0)]])).toEqual({
    weights: Float64Array.of(0, 1),
    squaredNorm: 0,
  })
})
