// L-BFGS (Nocedal 1980; Liu and Nocedal 1989): minimises a smooth f(x) with its last `memory` steps s, and changes y of
// the gradient in them,
//   d = -H g  by the two loops over (s, y), H_0 = (s'y / y'y) I;  x <- x + t d,
// t by bisection until both weak Wolfe conditions hold (Lewis and Overton 2013):
//   f(x + t d) <= f + 1e-4 t g'd,   g(x + t d)'d >= 0.9 g'd,
// so that s'y > 0 and H stays positive definite. Where the values are equal but for rounding, the slope stands for the
// first, as it does on a quadratic (Hager and Zhang 2005): g(x + t d)'d <= -(1 - 2e-4) g'd. Pure float64 and no draws:
// the same input gives the same bits.
import { at, axpy, difference, dot, scale } from './vectors.ts'

/** Value at x; writes the gradient. */
export type Smooth = (x: Float64Array, gradient: Float64Array) => number

export interface Settings {
  tolerance: number // of the gradient's norm
  steps: number // at most
  memory?: number
}

export interface Minimum {
  x: Float64Array
  value: number
  gradientNorm: number
  steps: number
  converged: boolean // false: out of steps, or float64 has no lower value on the way down
}

interface Point {
  x: Float64Array
  value: number
  gradient: Float64Array
}

interface Curvature {
  s: Float64Array
  y: Float64Array
  rho: number // 1 / s'y
}

/** Yields after every step. */
export function* minimise(
  f: Smooth,
  start: Float64Array,
  { tolerance, steps, memory = 10 }: Settings,
): Generator<Minimum, Minimum> {
  const pairs: Curvature[] = []
  let at = evaluated(f, start.slice())
  let count = 0
  const present = (): Minimum => {
    const gradientNorm = Math.sqrt(dot(at.gradient, at.gradient))
    return { x: at.x, value: at.value, gradientNorm, steps: count, converged: gradientNorm <= tolerance }
  }
  while (!present().converged && count < steps) {
    const found = lineSearch(f, at, direction(at.gradient, pairs), pairs.length === 0)
    if (!found) {
      if (pairs.length === 0) break
      pairs.length = 0 // once more along the gradient: rounding may have spoilt the pairs
      continue
    }
    const s = difference(found.x, at.x)
    const y = difference(found.gradient, at.gradient)
    const sy = dot(s, y)
    if (sy > 0) pairs.push({ s, y, rho: 1 / sy })
    if (pairs.length > memory) pairs.shift()
    at = found
    count++
    yield present()
  }
  return present()
}

/** -H g by the two loops, newest pair first and then oldest first. */
function direction(gradient: Float64Array, pairs: readonly Curvature[]): Float64Array {
  const d = gradient.map((g) => -g)
  const alphas: number[] = []
  for (const { s, y, rho } of pairs.toReversed()) {
    const alpha = rho * dot(s, d)
    alphas.push(alpha)
    axpy(-alpha, y, d)
  }
  const last = pairs.at(-1)
  if (last) scale(1 / (last.rho * dot(last.y, last.y)), d)
  for (const [i, { s, y, rho }] of pairs.entries()) axpy(at(alphas, pairs.length - 1 - i) - rho * dot(y, d), s, d)
  return d
}

const tries = 60 // halvings reach the end of float64

/** Undefined where no step goes down any more. */
function lineSearch(f: Smooth, from: Point, d: Float64Array, isFirst: boolean): Point | undefined {
  const slope = dot(from.gradient, d)
  if (!(slope < 0)) return undefined
  let [low, high] = [0, Number.POSITIVE_INFINITY]
  let t = isFirst ? Math.min(1, 1 / Math.sqrt(dot(d, d))) : 1
  const rounding = 1e-14 * Math.abs(from.value)
  let lower: Point | undefined // the last that goes down enough, should the second condition never hold
  for (let i = 0; i < tries; i++) {
    const x = from.x.slice()
    axpy(t, d, x)
    const point = evaluated(f, x)
    const itsSlope = dot(point.gradient, d)
    const isEqual = point.value <= from.value + rounding && itsSlope <= (2e-4 - 1) * slope
    if (!(isEqual || point.value <= from.value + 1e-4 * t * slope)) high = t
    else {
      lower = point
      if (itsSlope >= 0.9 * slope) break
      low = t
    }
    t = high === Number.POSITIVE_INFINITY ? 2 * low : (low + high) / 2
  }
  return lower
}

function evaluated(f: Smooth, x: Float64Array): Point {
  const gradient = new Float64Array(x.length)
  return { x, value: f(x, gradient), gradient }
}
