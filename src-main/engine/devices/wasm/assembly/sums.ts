// Weighted sums of models in float64, rounded once (engine/devices/double/sums.ts):
//   theta = float32( theta_pre + sum_t c_t (theta_t - theta_pre) ),  from the first t to the last
// Models are as their files have them, float32, bfloat16 or float16, and are widened as they are added. What is computed
// is what plain loops over float64 give, to the bit. Places have room for a multiple of eight elements; what lies behind
// the n-th is read and written and never told. A tile is a piece.
import { int, pointer } from './lanes'

/** Elements of a piece; engine/devices/double/sums.ts counts tiles with the same number. */
const PIECE: i32 = 4096

const TO_FLOAT: f32 = 5.192296858534828e33 // 2^112

/** Four float16 as float32: 15 lower bits in a float32's place are the magnitude times 2^-112, subnormals too. */
// @ts-ignore: decorator
@inline
function fourHalves(from: usize): v128 {
  const bits = v128.load_ext<u16>(from)
  const size = v128.and(bits, i32x4.splat(0x7fff))
  const finite = f32x4.mul(i32x4.shl(size, 13), f32x4.splat(TO_FLOAT))
  const infinite = v128.bitselect(
    i32x4.splat(0x7f800000),
    i32x4.splat(0x7fc00000),
    i32x4.eq(size, i32x4.splat(0x7c00)),
  )
  const isFinite = i32x4.lt_s(size, i32x4.splat(0x7c00))
  const isNumber = i32x4.le_s(size, i32x4.splat(0x7c00))
  const sign = v128.and(i32x4.shl(v128.and(bits, i32x4.splat(0x8000)), 16), isNumber)
  return v128.or(v128.bitselect(finite, infinite, isFinite), sign)
}

/** Four numbers as float32; T: f32, u16 for bfloat16, i16 for float16. */
// @ts-ignore: decorator
@inline
function four<T>(from: usize): v128 {
  if (sizeof<T>() == 4) return v128.load(from)
  if (isSigned<T>()) return fourHalves(from)
  return i32x4.shl(v128.load_ext<u16>(from), 16)
}

// @ts-ignore: decorator
@inline
export function lower(x: v128): v128 {
  return f64x2.promote_low_f32x4(x)
}

// @ts-ignore: decorator
@inline
export function upper(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i32>(x, x, 2, 3, 2, 3))
}

// @ts-ignore: decorator
@inline
export function rounded(low: v128, high: v128): v128 {
  return v128.shuffle<i32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5)
}

// @ts-ignore: decorator
@inline
function widenAs<T>(from: usize, out: usize, count: usize): void {
  for (let i: usize = 0; i < count; i += 4) v128.store(out + (i << 2), four<T>(from + i * sizeof<T>()))
}

/** A model's numbers as float32. Arguments: numbers, out, n, type (0: float32, 1: bfloat16, 2: float16). */
export function widen(job: usize, tile: i32, _thread: i32): void {
  const type = int(job, 3)
  const first = <usize>(tile * PIECE)
  const count = min(<usize>int(job, 2) - first, <usize>PIECE)
  const from = pointer(job, 0)
  const out = pointer(job, 1) + (first << 2)
  if (type == 0) widenAs<f32>(from + (first << 2), out, count)
  else if (type == 1) widenAs<u16>(from + (first << 1), out, count)
  else widenAs<i16>(from + (first << 1), out, count)
}

/** Arguments as of addUp. */
// @ts-ignore: decorator
@inline
function addUpAs<T>(job: usize, tile: i32): void {
  const n = int(job, 3)
  const first = <usize>(tile * PIECE)
  const count = <usize>min(PIECE, n - <i32>first)
  const base = pointer(job, 0) + (first << 2)
  const sums = pointer(job, 1) + (first << 3)
  const out = pointer(job, 2) + (first << 2)
  const factors = pointer(job, 5)
  const isBegin = (int(job, 6) & 1) != 0
  const isEnd = (int(job, 6) & 2) != 0
  const models = job + 36
  const terms = <usize>int(job, 8)
  const zero = f32x4.splat(0)
  let wrong = zero
  for (let i: usize = 0; i < count; i += 8) {
    const b0 = v128.load(base + (i << 2))
    const b1 = v128.load(base + (i << 2), 16)
    const base0 = lower(b0)
    const base1 = upper(b0)
    const base2 = lower(b1)
    const base3 = upper(b1)
    let sum0 = base0
    let sum1 = base1
    let sum2 = base2
    let sum3 = base3
    if (!isBegin) {
      sum0 = v128.load(sums + (i << 3))
      sum1 = v128.load(sums + (i << 3), 16)
      sum2 = v128.load(sums + (i << 3), 32)
      sum3 = v128.load(sums + (i << 3), 48)
    }
    const place = (first + i) * sizeof<T>()
    for (let t: usize = 0; t < terms; t++) {
      const model = load<usize>(models + (t << 2)) + place
      const c = v128.load64_splat(factors + (t << 3))
      const x0 = four<T>(model)
      const x1 = four<T>(model + 4 * sizeof<T>())
      sum0 = f64x2.add(sum0, f64x2.mul(c, f64x2.sub(lower(x0), base0)))
      sum1 = f64x2.add(sum1, f64x2.mul(c, f64x2.sub(upper(x0), base1)))
      sum2 = f64x2.add(sum2, f64x2.mul(c, f64x2.sub(lower(x1), base2)))
      sum3 = f64x2.add(sum3, f64x2.mul(c, f64x2.sub(upper(x1), base3)))
    }
    if (isEnd) {
      const theta0 = rounded(sum0, sum1)
      const theta1 = rounded(sum2, sum3)
      v128.store(out + (i << 2), theta0)
      v128.store(out + (i << 2), theta1, 16)
      if (i + 8 <= count) wrong = f32x4.add(wrong, f32x4.add(f32x4.mul(theta0, zero), f32x4.mul(theta1, zero)))
    } else {
      v128.store(sums + (i << 3), sum0)
      v128.store(sums + (i << 3), sum1, 16)
      v128.store(sums + (i << 3), sum2, 32)
      v128.store(sums + (i << 3), sum3, 48)
    }
  }
  if (!isEnd) return
  let sum = f32x4.extract_lane(wrong, 0) + f32x4.extract_lane(wrong, 1)
  sum += f32x4.extract_lane(wrong, 2) + f32x4.extract_lane(wrong, 3)
  for (let i = count & ~7; i < count; i++) sum += load<f32>(out + (i << 2)) * 0
  store<i32>(pointer(job, 4) + (<usize>tile << 2), sum == 0 ? 0 : 1)
}

/**
 * Adds c (theirs - base) of some models to the sums. Arguments: base (n) in float32, sums (n), out (n) in float32, n,
 * words, factors, flags (1: the sums begin with the base; 2: they are rounded to out, and a word a tile says whether one
 * of them is not finite), type of the models as of widen, how many they are, each.
 */
export function addUp(job: usize, tile: i32, _thread: i32): void {
  const type = int(job, 7)
  if (type == 0) addUpAs<f32>(job, tile)
  else if (type == 1) addUpAs<u16>(job, tile)
  else addUpAs<i16>(job, tile)
}

/**
 * float32 to the nearest bfloat16, of two equally near the one with an even last bit; a word a tile says whether one of
 * them is not finite or would not be. Arguments: numbers, out, n, words.
 */
export function toBfloat16(job: usize, tile: i32, _thread: i32): void {
  const first = <usize>(tile * PIECE)
  const count = min(<usize>int(job, 2) - first, <usize>PIECE)
  const from = pointer(job, 0) + (first << 2)
  const out = pointer(job, 1) + (first << 1)
  const one = i32x4.splat(1)
  const half = i32x4.splat(0x7fff)
  const magnitude = i32x4.splat(0x7fffffff)
  let most = i32x4.splat(0)
  for (let i: usize = 0; i < count; i += 8) {
    const x0 = v128.load(from + (i << 2))
    const x1 = v128.load(from + (i << 2), 16)
    if (i + 8 <= count)
      most = i32x4.max_s(most, i32x4.max_s(v128.and(x0, magnitude), v128.and(x1, magnitude)))
    const y0 = i32x4.shr_u(i32x4.add(i32x4.add(x0, half), v128.and(i32x4.shr_u(x0, 16), one)), 16)
    const y1 = i32x4.shr_u(i32x4.add(i32x4.add(x1, half), v128.and(i32x4.shr_u(x1, 16), one)), 16)
    v128.store(out + (i << 1), i16x8.narrow_i32x4_u(y0, y1))
  }
  let largest = max(i32x4.extract_lane(most, 0), i32x4.extract_lane(most, 1))
  largest = max(largest, max(i32x4.extract_lane(most, 2), i32x4.extract_lane(most, 3)))
  for (let i = count & ~7; i < count; i++) largest = max(largest, load<i32>(from + (i << 2)) & 0x7fffffff)
  // what is as large is rounded up
  store<i32>(pointer(job, 3) + (<usize>tile << 2), largest < 0x7f7f8000 ? 0 : 1)
}
