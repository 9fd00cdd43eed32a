// Statistics against values from outside: Student's own data with the p that textbooks and R print for it, closed forms
// of the t distribution with 1, 2 and 4 degrees of freedom, tables, and closed forms of the incomplete beta function.
import { expect, test } from 'vitest'

import {
  deviation,
  incompleteBeta,
  mean,
  pairedInterval,
  pairedTTest,
} from '../../../src-main/numbers/statistics/paired.ts'

test("Student's sleep data: t = -4.0621 with 9 degrees of freedom, p = 0.002833", () => {
  const first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
  const second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
  const differences = first.map((v, i) => v - (second[i] as number))
  expect(mean(differences)).toBeCloseTo(-1.58, 12)
  expect(deviation(differences)).toBeCloseTo(1.229995, 6)
  expect(pairedTTest(differences)).toBeCloseTo(0.002833, 6)
})

/** n differences whose t is the one given: mean 1 and a spread that makes it so. */
function withT(t: number, n: number): number[] {
  const raw = Array.from({ length: n }, (_, i) => i - (n - 1) / 2)
  const spread = Math.sqrt(raw.reduce((s, v) => s + v * v, 0) / (n - 1))
  return raw.map((v) => 1 + (v / spread) * (Math.sqrt(n) / t))
}

const t = 1.7
const closed: [number, number][] = [
  [1, 1 - (2 / Math.PI) * Math.atan(t)],
  [2, 1 - t / Math.sqrt(2 + t * t)],
  [4, 1 - (t / Math.sqrt(4 + t * t)) * (1 + 2 / (4 + t * t))],
]
test.each(closed)('p with %i degrees of freedom is that of the closed form', (nu, p) => {
  expect(pairedTTest(withT(t, nu + 1))).toBeCloseTo(p, 12)
  expect(pairedTTest(withT(-t, nu + 1))).toBeCloseTo(p, 12)
})

test.each([
  [1, 12.706, 0.05],
  [2, 4.303, 0.05],
  [4, 4.604, 0.01],
  [9, 3.25, 0.01],
  [30, 2.042, 0.05],
])('p with %i degrees of freedom at the critical value %f of the tables is %f', (nu, critical, p) => {
  expect(pairedTTest(withT(critical, nu + 1))).toBeCloseTo(p, 4)
})

test("the interval of Student's sleep data is R's, and that of two values its closed form", () => {
  const differences = [-1.2, -2.4, -1.3, -1.3, 0, -1, -1.8, -0.8, -4.6, -1.4]
  const [low = Number.NaN, high = Number.NaN] = pairedInterval(differences) ?? []
  expect(low).toBeCloseTo(-2.4598858, 6)
  expect(high).toBeCloseTo(-0.7001142, 6)
  const [from = Number.NaN, to = Number.NaN] = pairedInterval([1, 3], 0.5) ?? [] // t = tan(pi / 4), s / sqrt(2) = 1
  expect([from, to]).toEqual([expect.closeTo(1, 12), expect.closeTo(3, 12)])
})

test('without spread, or with one value, nothing is judged', () => {
  expect(deviation([3])).toBeNull()
  expect(pairedTTest([0.1])).toBeNull()
  expect(pairedTTest([0.25, 0.25, 0.25])).toBeNull()
  expect(pairedInterval([0.1])).toBeNull()
  expect(pairedInterval([0.25, 0.25])).toBeNull()
})

test('the incomplete beta function has its closed forms', () => {
  for (const x of [0.001, 0.2, 0.5, 0.77, 0.999]) {
    expect(incompleteBeta(x, 1, 1)).toBeCloseTo(x, 13)
    expect(incompleteBeta(x, 2, 3)).toBeCloseTo(6 * x ** 2 - 8 * x ** 3 + 3 * x ** 4, 12)
    expect(incompleteBeta(x, 0.5, 0.5)).toBeCloseTo((2 / Math.PI) * Math.asin(Math.sqrt(x)), 12)
    expect(incompleteBeta(x, 7.5, 2.25)).toBeCloseTo(1 - incompleteBeta(1 - x, 2.25, 7.5), 12)
  }
  expect([incompleteBeta(0, 2, 3), incompleteBeta(1, 2, 3)]).toEqual([0, 1])
})
