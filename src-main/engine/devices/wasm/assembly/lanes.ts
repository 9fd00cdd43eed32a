// What all kernels share: reading their arguments, a multiply-add on four floats, and the sum of four.

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
