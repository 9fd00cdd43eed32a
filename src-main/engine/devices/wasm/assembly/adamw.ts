// A step of AdamW on flat arrays, TILE elements a tile, x, m and v in their places; with g = scale gradient
//   m <- b1 m + (1 - b1) g,   v <- b2 v + (1 - b2) g^2
//   x <- x - (eta w (origin + x) + eta m / (sqrt(v) size + least)),   where the mask is not 0
// size = (1 - b1^t) / sqrt(1 - b2^t), least = (1 - b1^t) epsilon. One pass: every number is read once, x, m and v
// written once. Numbers and places are taken out of the job before the loop, as nothing says that stores spare them.
import { float, fma, int, pointer, TILE } from './lanes'

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

// @ts-ignore: decorator
@inline
function advance(job: usize, tile: i32, isMasked: bool, isMoved: bool): void {
  const first = <usize>tile * TILE * 4
  const bytes = <usize>min(TILE, int(job, 6) - tile * TILE) * 4
  const x = pointer(job, 0) + first
  const m = pointer(job, 1) + first
  const v = pointer(job, 2) + first
  const gradient = pointer(job, 3) + first
  const mask = pointer(job, 4) + first
  const origin = pointer(job, 5) + first
  const scale = f32x4.splat(float(job, 7))
  const beta1 = f32x4.splat(float(job, 8))
  const fresh1 = f32x4.splat(float(job, 9))
  const beta2 = f32x4.splat(float(job, 10))
  const fresh2 = f32x4.splat(float(job, 11))
  const size = f32x4.splat(float(job, 12))
  const least = f32x4.splat(float(job, 13))
  const decay = f32x4.splat(float(job, 14))
  const rate = f32x4.splat(float(job, 15))
  let i: usize = 0
  while (i < bytes) {
    const isFour = i + 16 <= bytes
    const g = f32x4.mul(scale, taken(gradient + i, isFour))
    const mean = fma(beta1, taken(m + i, isFour), f32x4.mul(fresh1, g))
    const square = fma(beta2, taken(v + i, isFour), f32x4.mul(f32x4.mul(fresh2, g), g))
    put(m + i, mean, isFour)
    put(v + i, square, isFour)
    const way = f32x4.div(mean, fma(f32x4.sqrt(square), size, least))
    const present = taken(x + i, isFour)
    const all = isMoved ? f32x4.add(taken(origin + i, isFour), present) : present
    let next = f32x4.sub(present, fma(rate, way, f32x4.mul(decay, all)))
    if (isMasked) next = v128.bitselect(present, next, f32x4.eq(taken(mask + i, isFour), f32x4.splat(0)))
    put(x + i, next, isFour)
    i += isFour ? 16 : 4
  }
}

/** Arguments: x, m, v, gradient, mask or 0, origin or 0, count, then nine numbers (devices/moving.ts). */
export function adamw(job: usize, tile: i32, _thread: i32): void {
  if (pointer(job, 4)) {
    if (pointer(job, 5)) advance(job, tile, true, true)
    else advance(job, tile, true, false)
  } else if (pointer(job, 5)) advance(job, tile, false, true)
  else advance(job, tile, false, false)
}
