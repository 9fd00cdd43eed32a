// What all kernels share: reading arguments, a fused multiply-add, sums over lanes, and exp, sigmoid and erfc on four floats.
// exp: x = n ln 2 + r, exp(r) by the polynomial of Cephes' expf, times 2^n; relative error about 1e-7, NaN stays NaN.
// erfc: the rational Chebyshev fit of Numerical Recipes (erfcc), fractional error 1.2e-7 everywhere.

/** Elements of an elementwise tile. The list of ops counts tiles with the same number. */
export const TILE: i32 = 16384

// @ts-ignore: decorator
@inline
export function int(job: usize, index: i32): i32 {
  return load<i32>(job + (<usize>index << 2))
}

// @ts-ignore: decorator
@inline
export function pointer(job: usize, index: i32): usize {
  return load<usize>(job + (<usize>index << 2))
}

// @ts-ignore: decorator
@inline
export function float(job: usize, index: i32): f32 {
  return load<f32>(job + (<usize>index << 2))
}

/** a * b + c; one rounding in the relaxed build (where the machine has it), two in the plain one. */
// @ts-ignore: decorator
@inline
export function fma(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c)
  return f32x4.add(f32x4.mul(a, b), c)
}

// @ts-ignore: decorator
@inline
export function sumLanes(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3))
}

export function exp(x: v128): v128 {
  // pmin and pmax return their first operand when the comparison fails, which keeps NaN.
  const clamped = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-87.3)), f32x4.splat(88.0))
  const n = f32x4.nearest(f32x4.mul(clamped, f32x4.splat(1.44269504088896341)))
  let r = fma(n, f32x4.splat(-0.693359375), clamped)
  r = fma(n, f32x4.splat(2.12194440e-4), r)
  let p = f32x4.splat(1.9875691500e-4)
  p = fma(p, r, f32x4.splat(1.3981999507e-3))
  p = fma(p, r, f32x4.splat(8.3334519073e-3))
  p = fma(p, r, f32x4.splat(4.1665795894e-2))
  p = fma(p, r, f32x4.splat(1.6666665459e-1))
  p = fma(p, r, f32x4.splat(5.0000001201e-1))
  const power = f32x4.add(fma(p, f32x4.mul(r, r), r), f32x4.splat(1))
  const twoToN = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23)
  return f32x4.mul(power, twoToN)
}

// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  return f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), exp(f32x4.neg(x))))
}

/** Phi(x), the normal distribution function: 1/2 erfc(-x / sqrt 2). */
export function normal(x: v128): v128 {
  const z = f32x4.mul(f32x4.abs(x), f32x4.splat(0.70710678118654752))
  const t = f32x4.div(f32x4.splat(1), fma(z, f32x4.splat(0.5), f32x4.splat(1)))
  let p = f32x4.splat(0.17087277)
  p = fma(p, t, f32x4.splat(-0.82215223))
  p = fma(p, t, f32x4.splat(1.48851587))
  p = fma(p, t, f32x4.splat(-1.13520398))
  p = fma(p, t, f32x4.splat(0.27886807))
  p = fma(p, t, f32x4.splat(-0.18628806))
  p = fma(p, t, f32x4.splat(0.09678418))
  p = fma(p, t, f32x4.splat(0.37409196))
  p = fma(p, t, f32x4.splat(1.00002368))
  p = fma(p, t, f32x4.splat(-1.26551223))
  const tail = f32x4.mul(f32x4.mul(t, f32x4.splat(0.5)), exp(fma(f32x4.neg(z), z, p)))
  return v128.bitselect(tail, f32x4.sub(f32x4.splat(1), tail), f32x4.lt(x, f32x4.splat(0)))
}
