// QuickGELU x s(1.702 x), s the logistic function, and the exact GELU x Phi(x); and their derivatives times dL/dy:
// s + 1.702 x s (1 - s), and Phi(x) + x phi(x), phi(x) = exp(-x^2 / 2) / sqrt(2 pi).
import { exp, fma, int, normal, pointer, sigmoid, TILE } from './lanes'

// @ts-ignore: decorator
@inline
function value(x: v128, exact: i32): v128 {
  if (exact) return f32x4.mul(x, normal(x))
  return f32x4.mul(x, sigmoid(f32x4.mul(x, f32x4.splat(1.702))))
}

// @ts-ignore: decorator
@inline
function derivative(x: v128, exact: i32): v128 {
  if (exact) {
    const density = f32x4.mul(exp(f32x4.mul(f32x4.mul(x, x), f32x4.splat(-0.5))), f32x4.splat(0.39894228040143268))
    return fma(x, density, normal(x))
  }
  const scaled = f32x4.mul(x, f32x4.splat(1.702))
  const s = sigmoid(scaled)
  return fma(f32x4.mul(scaled, s), f32x4.sub(f32x4.splat(1), s), s)
}

/** Arguments: x, out, count, exact (0 QuickGELU, 1 GELU). */
export function activation(job: usize, tile: i32, _thread: i32): void {
  const offset = <usize>tile * TILE * 4
  const x = pointer(job, 0) + offset
  const out = pointer(job, 1) + offset
  const bytes = <usize>min(TILE, int(job, 2) - tile * TILE) * 4
  const exact = int(job, 3)
  let i: usize = 0
  for (; i + 16 <= bytes; i += 16) v128.store(out + i, value(v128.load(x + i), exact))
  for (; i < bytes; i += 4) store<f32>(out + i, f32x4.extract_lane(value(v128.load32_splat(x + i), exact), 0))
}

/** Arguments: dy, x, out, count, exact. */
export function activationGradient(job: usize, tile: i32, _thread: i32): void {
  const offset = <usize>tile * TILE * 4
  const dy = pointer(job, 0) + offset
  const x = pointer(job, 1) + offset
  const out = pointer(job, 2) + offset
  const bytes = <usize>min(TILE, int(job, 3) - tile * TILE) * 4
  const exact = int(job, 4)
  let i: usize = 0
  for (; i + 16 <= bytes; i += 16) v128.store(out + i, f32x4.mul(v128.load(dy + i), derivative(v128.load(x + i), exact)))
  for (; i < bytes; i += 4) {
    store<f32>(out + i, load<f32>(dy + i) * f32x4.extract_lane(derivative(v128.load32_splat(x + i), exact), 0))
  }
}
