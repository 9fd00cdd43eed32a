// Elementwise work on flat arrays, TILE elements a tile: addition, sum_k c_k x_k, theta = base + sum_k lambda_k tau_k,
// and the inner product < a, b > in float64, whose tiles leave one partial sum each for the caller to add up in order.
// The last two also with float16 vectors: a float16's 15 lower bits, moved to a float32's place, are its magnitude times 2^-112,
// subnormals too.
import { float, fma, int, pointer, TILE } from './lanes'

/** Arguments: x, y, out, count. */
export function add(job: usize, tile: i32, _thread: i32): void {
  const offset = <usize>tile * TILE * 4
  const x = pointer(job, 0) + offset
  const y = pointer(job, 1) + offset
  const out = pointer(job, 2) + offset
  const bytes = <usize>min(TILE, int(job, 3) - tile * TILE) * 4
  let i: usize = 0
  for (; i + 16 <= bytes; i += 16) v128.store(out + i, f32x4.add(v128.load(x + i), v128.load(y + i)))
  for (; i < bytes; i += 4) store<f32>(out + i, load<f32>(x + i) + load<f32>(y + i))
}

/** Arguments: out, count, number of tensors, then a (pointer, coefficient) pair for each. */
export function combine(job: usize, tile: i32, _thread: i32): void {
  const offset = <usize>tile * TILE * 4
  const out = pointer(job, 0) + offset
  const bytes = <usize>min(TILE, int(job, 1) - tile * TILE) * 4
  const tensors = int(job, 2)
  let i: usize = 0
  for (; i + 16 <= bytes; i += 16) {
    let sum = f32x4.mul(f32x4.splat(float(job, 4)), v128.load(pointer(job, 3) + offset + i))
    for (let k = 1; k < tensors; k++)
      sum = fma(f32x4.splat(float(job, 4 + 2 * k)), v128.load(pointer(job, 3 + 2 * k) + offset + i), sum)
    v128.store(out + i, sum)
  }
  for (; i < bytes; i += 4) {
    let sum = f32x4.mul(f32x4.splat(float(job, 4)), v128.load_zero<f32>(pointer(job, 3) + offset + i))
    for (let k = 1; k < tensors; k++)
      sum = fma(f32x4.splat(float(job, 4 + 2 * k)), v128.load_zero<f32>(pointer(job, 3 + 2 * k) + offset + i), sum)
    v128.store_lane<f32>(out + i, sum, 0)
  }
}

/** Arguments: base, out, count, number of vectors, then a (pointer, coefficient) pair for each. */
export function compose(job: usize, tile: i32, _thread: i32): void {
  const offset = <usize>tile * TILE * 4
  const base = pointer(job, 0) + offset
  const out = pointer(job, 1) + offset
  const bytes = <usize>min(TILE, int(job, 2) - tile * TILE) * 4
  const vectors = int(job, 3)
  let i: usize = 0
  for (; i + 32 <= bytes; i += 32) {
    let sum0 = v128.load(base + i)
    let sum1 = v128.load(base + i, 16)
    for (let v = 0; v < vectors; v++) {
      const vector = pointer(job, 4 + 2 * v) + offset + i
      const coefficient = f32x4.splat(float(job, 5 + 2 * v))
      sum0 = fma(coefficient, v128.load(vector), sum0)
      sum1 = fma(coefficient, v128.load(vector, 16), sum1)
    }
    v128.store(out + i, sum0)
    v128.store(out + i, sum1, 16)
  }
  for (; i < bytes; i += 4) {
    let sum = f32x4.splat(load<f32>(base + i))
    for (let v = 0; v < vectors; v++) {
      const element = f32x4.splat(load<f32>(pointer(job, 4 + 2 * v) + offset + i))
      sum = fma(f32x4.splat(float(job, 5 + 2 * v)), element, sum)
    }
    store<f32>(out + i, f32x4.extract_lane(sum, 0))
  }
}

/** Arguments: a, b, partial sums (float64, one a tile), count. */
export function dot(job: usize, tile: i32, _thread: i32): void {
  const offset = <usize>tile * TILE * 4
  const a = pointer(job, 0) + offset
  const b = pointer(job, 1) + offset
  const bytes = <usize>min(TILE, int(job, 3) - tile * TILE) * 4
  let low = f64x2.splat(0)
  let high = f64x2.splat(0)
  let i: usize = 0
  for (; i + 16 <= bytes; i += 16) {
    const x = v128.load(a + i)
    const y = v128.load(b + i)
    low = f64x2.add(low, f64x2.mul(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(y)))
    const xHigh = i32x4.shuffle(x, x, 2, 3, 2, 3)
    const yHigh = i32x4.shuffle(y, y, 2, 3, 2, 3)
    high = f64x2.add(high, f64x2.mul(f64x2.promote_low_f32x4(xHigh), f64x2.promote_low_f32x4(yHigh)))
  }
  const lanes = f64x2.add(low, high)
  let sum = f64x2.extract_lane(lanes, 0) + f64x2.extract_lane(lanes, 1)
  for (; i < bytes; i += 4) sum += <f64>load<f32>(a + i) * <f64>load<f32>(b + i)
  store<f64>(pointer(job, 2) + (<usize>tile << 3), sum)
}

/** Tiles' partial sums in their order. Arguments: partial sums (float64), where the sum is put (float64), tiles. */
export function sumParts(job: usize, _tile: i32, _thread: i32): void {
  const parts = pointer(job, 0)
  const tiles = int(job, 2)
  let sum: f64 = 0
  for (let i = 0; i < tiles; i++) sum += load<f64>(parts + (<usize>i << 3))
  store<f64>(pointer(job, 1), sum)
}

const TO_FLOAT: f32 = 5.192296858534828e33 // 2^112

/** Four float16 at `from` as float32; no infinity or NaN among them. */
// @ts-ignore: decorator
@inline
function halves(from: usize): v128 {
  const bits = v128.load_ext<u16>(from)
  const magnitude = f32x4.mul(i32x4.shl(v128.and(bits, i32x4.splat(0x7fff)), 13), f32x4.splat(TO_FLOAT))
  return v128.or(magnitude, i32x4.shl(v128.and(bits, i32x4.splat(0x8000)), 16))
}

// @ts-ignore: decorator
@inline
function half(from: usize): f32 {
  const bits = <u32>load<u16>(from)
  return reinterpret<f32>(reinterpret<u32>(reinterpret<f32>((bits & 0x7fff) << 13) * TO_FLOAT) | ((bits & 0x8000) << 16))
}

/** As `compose`, the vectors in float16. */
export function composeHalves(job: usize, tile: i32, _thread: i32): void {
  const first = <usize>tile * TILE
  const base = pointer(job, 0) + first * 4
  const out = pointer(job, 1) + first * 4
  const count = <usize>min(TILE, int(job, 2) - tile * TILE)
  const vectors = int(job, 3)
  let i: usize = 0
  for (; i + 4 <= count; i += 4) {
    let sum = v128.load(base + i * 4)
    for (let v = 0; v < vectors; v++)
      sum = fma(f32x4.splat(float(job, 5 + 2 * v)), halves(pointer(job, 4 + 2 * v) + (first + i) * 2), sum)
    v128.store(out + i * 4, sum)
  }
  for (; i < count; i++) {
    let sum = f32x4.splat(load<f32>(base + i * 4))
    for (let v = 0; v < vectors; v++) {
      const element = f32x4.splat(half(pointer(job, 4 + 2 * v) + (first + i) * 2))
      sum = fma(f32x4.splat(float(job, 5 + 2 * v)), element, sum)
    }
    store<f32>(out + i * 4, f32x4.extract_lane(sum, 0))
  }
}

/** As `dot`, a in float16. */
export function dotHalves(job: usize, tile: i32, _thread: i32): void {
  const first = <usize>tile * TILE
  const a = pointer(job, 0) + first * 2
  const b = pointer(job, 1) + first * 4
  const count = <usize>min(TILE, int(job, 3) - tile * TILE)
  let low = f64x2.splat(0)
  let high = f64x2.splat(0)
  let i: usize = 0
  for (; i + 4 <= count; i += 4) {
    const x = halves(a + i * 2)
    const y = v128.load(b + i * 4)
    low = f64x2.add(low, f64x2.mul(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(y)))
    const xHigh = i32x4.shuffle(x, x, 2, 3, 2, 3)
    const yHigh = i32x4.shuffle(y, y, 2, 3, 2, 3)
    high = f64x2.add(high, f64x2.mul(f64x2.promote_low_f32x4(xHigh), f64x2.promote_low_f32x4(yHigh)))
  }
  const lanes = f64x2.add(low, high)
  let sum = f64x2.extract_lane(lanes, 0) + f64x2.extract_lane(lanes, 1)
  for (; i < count; i++) sum += <f64>half(a + i * 2) * <f64>load<f32>(b + i * 4)
  store<f64>(pointer(job, 2) + (<usize>tile << 3), sum)
}
