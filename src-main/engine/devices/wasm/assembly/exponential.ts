// exp, the logistic function and the normal distribution function on four floats; NaN stays NaN.
// exp: x = n ln 2 + r, exp(r) by the polynomial of Cephes' expf, times 2^n; relative error about 1e-7, x clamped to
// what float32 can hold. Phi: the rational Chebyshev fit of erfc in Numerical Recipes (erfcc), fractional error 1.2e-7.
// V8 builds a vector constant anew at each use, from two 64-bit immediates, which made these functions four times
// slower; so the constants are floats in memory, in the CONSTANTS bytes before a job's arguments, put there once by
// `prepare`.
import { fma } from './lanes'

const CONSTANTS: usize = 256

/** Writes the constants of all jobs whose arguments start at `job`. Called once, before any kernel. */
export function prepare(job: usize): void {
  const table = job - CONSTANTS
  put(table, 0, -87.3)
  put(table, 1, 88)
  put(table, 2, 12582912) // 1.5 * 2^23: adding it rounds to a whole number, left in the low bits
  put(table, 3, 1.44269504088896341) // 1 / ln 2
  put(table, 4, -0.693359375) // ln 2 in two parts, the first exact in 9 bits
  put(table, 5, 2.1219444e-4)
  put(table, 6, 1.98756915e-4)
  put(table, 7, 1.3981999507e-3)
  put(table, 8, 8.3334519073e-3)
  put(table, 9, 4.1665795894e-2)
  put(table, 10, 1.6666665459e-1)
  put(table, 11, 5.0000001201e-1)
  put(table, 12, 1)
  put(table, 13, 0.5)
  put(table, 14, 0.70710678118654752)
  put(table, 15, 0.17087277)
  put(table, 16, -0.82215223)
  put(table, 17, 1.48851587)
  put(table, 18, -1.13520398)
  put(table, 19, 0.27886807)
  put(table, 20, -0.18628806)
  put(table, 21, 0.09678418)
  put(table, 22, 0.37409196)
  put(table, 23, 1.00002368)
  put(table, 24, -1.26551223)
  put(table, 25, 1.702)
  put(table, 26, 0.39894228040143268) // 1 / sqrt(2 pi)
}

// @ts-ignore: decorator
@inline
function put(table: usize, index: usize, value: f32): void {
  store<f32>(table + (index << 2), value)
}

// @ts-ignore: decorator
@inline
function constant(job: usize, index: usize): v128 {
  return v128.load32_splat(job - CONSTANTS + (index << 2))
}

// @ts-ignore: decorator
@inline
export function one(job: usize): v128 {
  return constant(job, 12)
}

// @ts-ignore: decorator
@inline
export function exp(x: v128, job: usize): v128 {
  // pmin and pmax return their first operand when the comparison fails, which keeps NaN.
  const clamped = f32x4.pmin(f32x4.pmax(x, constant(job, 0)), constant(job, 1))
  const whole = fma(clamped, constant(job, 3), constant(job, 2))
  const n = f32x4.sub(whole, constant(job, 2))
  const r = fma(n, constant(job, 5), fma(n, constant(job, 4), clamped))
  let p = fma(constant(job, 6), r, constant(job, 7))
  p = fma(p, r, constant(job, 8))
  p = fma(p, r, constant(job, 9))
  p = fma(p, r, constant(job, 10))
  p = fma(p, r, constant(job, 11))
  const power = f32x4.add(fma(p, f32x4.mul(r, r), r), one(job))
  // The bits of 1 are 127 << 23: with n << 23 added they are those of 2^n.
  return f32x4.mul(power, i32x4.add(i32x4.shl(whole, 23), one(job)))
}

/** s(1.702 x). */
// @ts-ignore: decorator
@inline
export function quickSigmoid(x: v128, job: usize): v128 {
  return f32x4.div(one(job), f32x4.add(one(job), exp(f32x4.neg(f32x4.mul(x, constant(job, 25))), job)))
}

/** 1.702 x. */
// @ts-ignore: decorator
@inline
export function quickScale(x: v128, job: usize): v128 {
  return f32x4.mul(x, constant(job, 25))
}

/** Phi(x) = 1/2 erfc(-x / sqrt 2). */
// @ts-ignore: decorator
@inline
export function normal(x: v128, job: usize): v128 {
  const z = f32x4.mul(f32x4.abs(x), constant(job, 14))
  const t = f32x4.div(one(job), fma(z, constant(job, 13), one(job)))
  let p = fma(constant(job, 15), t, constant(job, 16))
  p = fma(p, t, constant(job, 17))
  p = fma(p, t, constant(job, 18))
  p = fma(p, t, constant(job, 19))
  p = fma(p, t, constant(job, 20))
  p = fma(p, t, constant(job, 21))
  p = fma(p, t, constant(job, 22))
  p = fma(p, t, constant(job, 23))
  p = fma(p, t, constant(job, 24))
  const tail = f32x4.mul(f32x4.mul(t, constant(job, 13)), exp(fma(f32x4.neg(z), z, p), job))
  return v128.bitselect(tail, f32x4.sub(one(job), tail), f32x4.lt(x, f32x4.splat(0)))
}

/** phi(x) = exp(-x^2 / 2) / sqrt(2 pi). */
// @ts-ignore: decorator
@inline
export function density(x: v128, job: usize): v128 {
  return f32x4.mul(exp(f32x4.mul(f32x4.mul(x, f32x4.neg(constant(job, 13))), x), job), constant(job, 26))
}
