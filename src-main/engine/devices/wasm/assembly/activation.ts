// QuickGELU x s(1.702 x), s the logistic function, and the exact GELU x Phi(x); and their derivatives times dL/dy:
// s + 1.702 x s (1 - s), and Phi(x) + x phi(x), phi(x) = exp(-x^2 / 2) / sqrt(2 pi).
import { density, normal, one, quickScale, quickSigmoid } from './exponential'
import { fma, int, pointer, TILE } from './lanes'

// @ts-ignore: decorator
@inline
function value(x: v128, exact: i32, job: usize): v128 {
  if (exact) return f32x4.mul(x, normal(x, job))
  return f32x4.mul(x, quickSigmoid(x, job))
}

// @ts-ignore: decorator
@inline
export function derivative(x: v128, exact: i32, job: usize): v128 {
  if (exact) return fma(x, density(x, job), normal(x, job))
  const s = quickSigmoid(x, job)
  return fma(f32x4.mul(quickScale(x, job), s), f32x4.sub(one(job), s), s)
}

/** Arguments: x, out, count, exact (0 QuickGELU, 1 GELU). */
export function activation(job: usize, tile: i32, _thread: i32): void {
  // Two loops: within one, the compiler would compute both functions and then choose.
  if (int(job, 3)) values(job, tile, 1)
  else values(job, tile, 0)
}

// @ts-ignore: decorator
@inline
function values(job: usize, tile: i32, exact: i32): void {
  const offset = <usize>tile * TILE * 4
  const x = pointer(job, 0) + offset
  const out = pointer(job, 1) + offset
  const bytes = <usize>min(TILE, int(job, 2) - tile * TILE) * 4
  let i: usize = 0
  for (; i + 16 <= bytes; i += 16) v128.store(out + i, value(v128.load(x + i), exact, job))
  for (; i < bytes; i += 4) store<f32>(out + i, f32x4.extract_lane(value(v128.load32_splat(x + i), exact, job), 0))
}

/** Arguments: dy, x, out, count, exact. */
export function activationGradient(job: usize, tile: i32, _thread: i32): void {
  if (int(job, 4)) derivatives(job, tile, 1)
  else derivatives(job, tile, 0)
}

// @ts-ignore: decorator
@inline
function derivatives(job: usize, tile: i32, exact: i32): void {
  const offset = <usize>tile * TILE * 4
  const dy = pointer(job, 0) + offset
  const x = pointer(job, 1) + offset
  const out = pointer(job, 2) + offset
  const bytes = <usize>min(TILE, int(job, 3) - tile * TILE) * 4
  let i: usize = 0
  for (; i + 16 <= bytes; i += 16) v128.store(out + i, f32x4.mul(v128.load(dy + i), derivative(v128.load(x + i), exact, job)))
  for (; i < bytes; i += 4) {
    store<f32>(out + i, load<f32>(dy + i) * f32x4.extract_lane(derivative(v128.load32_splat(x + i), exact, job), 0))
  }
}
