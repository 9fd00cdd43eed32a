// A step of AdamW on flat arrays, TILE elements a tile, x, m and v in their places; with g = scale gradient
//   m <- b1 m + (1 - b1) g,   v <- b2 v + (1 - b2) g^2
//   x <- x - eta (w (origin + x) + m whole1 / (sqrt(v) whole2 + epsilon)),   where the mask is not 0
// whole1 = 1 / (1 - b1^t), whole2 = 1 / sqrt(1 - b2^t). One pass: every number is read once, x, m and v written once.
import { float, fma, int, pointer, TILE } from './lanes'

// @ts-ignore: decorator
@inline
function number(job: usize, index: i32): v128 {
  return f32x4.splat(float(job, 7 + index))
}

/** Four elements, or one. */
// @ts-ignore: decorator
@inline
function taken(from: usize, isFour: bool): v128 {
  return isFour ? v128.load(from) : v128.load_zero<f32>(from)
}

// @ts-ignore: decorator
@inline
function put(to: usize, values: v128, isFour: bool): void {
  if (isFour) v128.store(to, values)
  else v128.store_lane<f32>(to, values, 0)
}

/** The elements from byte i on: four, or one. */
// @ts-ignore: decorator
@inline
function moved(job: usize, i: usize, isFour: bool): void {
  const g = f32x4.mul(number(job, 0), taken(pointer(job, 3) + i, isFour))
  const m = fma(number(job, 1), taken(pointer(job, 1) + i, isFour), f32x4.mul(number(job, 2), g))
  const v = fma(number(job, 3), taken(pointer(job, 2) + i, isFour), f32x4.mul(f32x4.mul(number(job, 4), g), g))
  put(pointer(job, 1) + i, m, isFour)
  put(pointer(job, 2) + i, v, isFour)
  const size = fma(f32x4.sqrt(v), number(job, 6), number(job, 7))
  const way = f32x4.div(f32x4.mul(m, number(job, 5)), size)
  const x = taken(pointer(job, 0) + i, isFour)
  const origin = pointer(job, 5)
  const all = origin ? f32x4.add(taken(origin + i, isFour), x) : x
  const next = f32x4.sub(x, f32x4.mul(number(job, 9), fma(number(job, 8), all, way)))
  const mask = pointer(job, 4)
  const kept = mask ? f32x4.eq(taken(mask + i, isFour), f32x4.splat(0)) : f32x4.splat(0)
  put(pointer(job, 0) + i, v128.bitselect(x, next, kept), isFour)
}

/** Arguments: x, m, v, gradient, mask or 0, origin or 0, count, then ten numbers: moving.ts says which. */
export function adamw(job: usize, tile: i32, _thread: i32): void {
  const first = <usize>tile * TILE * 4
  const end = first + <usize>min(TILE, int(job, 6) - tile * TILE) * 4
  let i = first
  for (; i + 16 <= end; i += 16) moved(job, i, true)
  for (; i < end; i += 4) moved(job, i, false)
}
