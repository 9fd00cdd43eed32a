// L-BFGS finds what is known in closed form, says when it has not, and repeats itself to the bit; the regression it is
// used for has the gradient that finite differences give.
import { expect, test } from 'vitest'

import { type Minimum, minimise, type Smooth } from '../../src-main/numbers/lbfgs.ts'
import { type Labelled, logisticAccuracy, logisticLoss } from '../../src-main/numbers/logistic.ts'
import { normal } from '../../src-main/numbers/random.ts'

function solve(f: Smooth, start: Float64Array, tolerance = 1e-10, steps = 1000, memory = 10): Minimum {
  const all = minimise(f, start, { tolerance, steps, memory })
  for (;;) {
    const next = all.next()
    if (next.done) return next.value
  }
}

const draws = (n: number, stream: number): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => normal(1, stream, 0, i))

test('a quadratic of condition 1,000 is solved to the minimum that is known', () => {
  const n = 30
  const curvature = Float64Array.from({ length: n }, (_, i) => 10 ** ((3 * i) / (n - 1)))
  const target = draws(n, 1)
  const f: Smooth = (x, g) => {
    let value = 0
    x.forEach((v, i) => {
      const apart = v - (target[i] as number)
      g[i] = (curvature[i] as number) * apart
      value += ((g[i] as number) * apart) / 2
    })
    return value
  }
  const found = solve(f, new Float64Array(n))
  expect(found.converged).toBe(true)
  expect(found.gradientNorm).toBeLessThanOrEqual(1e-10)
  expect(Math.max(...found.x.map((v, i) => Math.abs(v - (target[i] as number))))).toBeLessThan(1e-10)
  expect(solve(f, new Float64Array(n))).toEqual(found)
  expect(solve(f, new Float64Array(n), 1e-10, 5)).toMatchObject({ converged: false, steps: 5 })
  expect(found.steps).toBeLessThan(380) // 352; SciPy's L-BFGS-B, as many pairs, takes 315 on its like
  expect(solve(f, new Float64Array(n), 1e-10, 1000, 40).steps).toBeLessThan(170) // 155: what pairs are good for
})

test("Rosenbrock's valley, which is not convex, is followed to its end", () => {
  const found = solve(
    (x, g) => {
      const [a, b] = [x[0] as number, x[1] as number]
      g[0] = -2 * (1 - a) - 400 * a * (b - a * a)
      g[1] = 200 * (b - a * a)
      return (1 - a) ** 2 + 100 * (b - a * a) ** 2
    },
    Float64Array.of(-1.2, 1),
  )
  expect(found).toMatchObject({ converged: true })
  expect(Math.hypot((found.x[0] as number) - 1, (found.x[1] as number) - 1)).toBeLessThan(1e-9)
  expect(found.steps).toBeLessThan(100)
})

const [count, embed, classes] = [40, 7, 3]
const data: Labelled = {
  rows: Float32Array.from(draws(count * embed, 2)),
  embed,
  labels: Int32Array.from({ length: count }, (_, i) => i % classes),
}

test("the regression's gradient is that of finite differences", () => {
  const f = logisticLoss(data, classes, 0.3)
  const x = draws(classes * (embed + 1), 3)
  const gradient = new Float64Array(x.length)
  f(x, gradient)
  const spare = new Float64Array(x.length)
  const numeric = x.map((_, i) => {
    const at = (step: number): number => f(x.with(i, (x[i] as number) + step), spare)
    return (at(1e-5) - at(-1e-5)) / 2e-5
  })
  for (const [i, g] of gradient.entries())
    expect(Math.abs(g - (numeric[i] as number))).toBeLessThan(1e-9 + 1e-7 * Math.abs(g))
})

test('a regression is fitted until its gradient is gone, to one minimum from anywhere, and separates what can be separated', () => {
  const f = logisticLoss(data, classes, 0.01)
  const one = solve(f, new Float64Array(classes * (embed + 1)), 1e-9)
  const other = solve(f, draws(classes * (embed + 1), 4), 1e-9)
  expect([one.converged, other.converged]).toEqual([true, true])
  expect(Math.abs(one.value - other.value)).toBeLessThan(1e-12)
  const weights = classes * embed // the bias may be moved by one number for all
  expect(Math.max(...one.x.subarray(0, weights).map((v, i) => Math.abs(v - (other.x[i] as number))))).toBeLessThan(1e-6)
  const apart: Labelled = {
    ...data,
    rows: data.rows.map((v, i) => v / 10 + (i % embed === (data.labels[Math.floor(i / embed)] as number) ? 3 : 0)),
  }
  const fitted = solve(logisticLoss(apart, classes, 1e-4), new Float64Array(classes * (embed + 1)), 1e-8)
  expect(logisticAccuracy(apart, classes, fitted.x)).toBe(1)
})
