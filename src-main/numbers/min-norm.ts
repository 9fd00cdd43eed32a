// The min-norm point of the convex hull of T gradients (MGDA: Desideri 2012; Sener and Koltun 2018):
//   d = sum_i w_i g_i,   w = argmin over the simplex of |sum_i w_i g_i|^2 = w' G w,   G = (<g_i, g_j>), (T x T).
// -d is a direction in which no task gets worse; |d| = 0 means that no such direction is left (Pareto stationary).
// Frank-Wolfe with away steps on G in float64: exact line searches, and linear convergence where plain Frank-Wolfe
// zigzags. T is the number of tasks, so this costs microseconds.
import type { Table } from './table.ts'
import { at, axpy, dot } from './vectors.ts'

export interface MinNorm {
  weights: Float64Array // (T), sums to 1
  squaredNorm: number // |d|^2, the Pareto residual squared
}

const enough = 1e-14 // of the largest |g_i|^2: the gap that is still worth a step
const most = 20_000 // steps

/** Throws nothing; gradients of zero give |d| = 0. */
export function minNorm(gradients: readonly Table[]): MinNorm {
  const gram = gradients.map((a) => Float64Array.from(gradients, (b) => inner(a, b)))
  const squares = Float64Array.from(gram, (row, i) => at(row, i))
  const weights = new Float64Array(gradients.length)
  const scale = Math.max(...squares)
  weights[squares.reduce((best, square, i) => (square < at(squares, best) ? i : best), 0)] = 1
  const slopesAt = (): Float64Array => Float64Array.from(gram, (row) => dot(row, weights))
  for (let step = 0; step < most; step++) {
    const slopes = slopesAt() // (G w)_i, half the objective's gradient
    const value = dot(weights, slopes)
    const towards = slopes.indexOf(Math.min(...slopes))
    const away = slopes.reduce(
      (worst, slope, i) => (at(weights, i) > 0 && slope > (slopes[worst] ?? -Infinity) ? i : worst),
      -1,
    )
    const gain = value - (slopes[towards] ?? Number.NaN) // neither is there where a gradient is not finite
    const shed = (slopes[away] ?? Number.NaN) - value
    if (!(Math.max(gain, shed) > enough * scale)) break
    if (gain >= shed) move(gram, weights, slopes, towards, 1, 1)
    else move(gram, weights, slopes, away, -1, at(weights, away) / (1 - at(weights, away)))
  }
  return { weights, squaredNorm: Math.max(0, dot(weights, slopesAt())) }
}

/** The weighted sum of gradients of one shape. */
export function combined(gradients: readonly Table[], weights: Float64Array): Table {
  const sums = at(gradients, 0).map((row) => new Float64Array(row.length))
  for (const [i, gradient] of gradients.entries())
    for (const [k, row] of gradient.entries()) axpy(at(weights, i), row, at(sums, k))
  return sums
}

/** w <- w + gamma sign (e_i - w), gamma in [0, limit] by exact line search. */
function move(
  gram: readonly Float64Array[],
  weights: Float64Array,
  slopes: Float64Array,
  i: number,
  sign: 1 | -1,
  limit: number,
): void {
  const value = dot(weights, slopes)
  const slope = at(slopes, i)
  const along = sign * (slope - value) // < 0
  const curvature = at(at(gram, i), i) - 2 * slope + value
  const gamma = curvature > 0 ? Math.min(limit, -along / curvature) : limit
  for (const [j, weight] of weights.entries())
    weights[j] = Math.max(0, weight + gamma * sign * ((j === i ? 1 : 0) - weight))
}

function inner(a: Table, b: Table): number {
  return a.reduce((sum, row, k) => sum + dot(row, at(b, k)), 0)
}
