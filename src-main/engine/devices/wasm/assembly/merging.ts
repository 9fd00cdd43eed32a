// Elementwise work of merges on task vectors, (rows, n) in float64, one row a vector (engine/devices/double/rows.ts).
// What is computed is what plain loops over float64 give, to the bit, with any number of threads: sums run from the
// first element to the last. A tile is a piece of a row, a piece of all rows, or a row.
import { int, pointer } from './lanes'

/** Elements of a piece; engine/devices/double/rows.ts counts tiles with the same number. */
const PIECE: i32 = 4096

// @ts-ignore: decorator
@inline
function pieces(n: i32): i32 {
  return (n + PIECE - 1) / PIECE
}

/** float32(|x|) as bits, which order magnitudes. */
// @ts-ignore: decorator
@inline
function magnitude(at: usize): i32 {
  return reinterpret<i32>(<f32>Math.abs(load<f64>(at)))
}

/**
 * tau = theirs - base; a word a tile says whether one of them is not finite. Arguments: base (n) and theirs (rows, n)
 * in float32, out (rows, n), n, words. A tile is a piece of a row.
 */
export function differences(job: usize, tile: i32, _thread: i32): void {
  const n = int(job, 3)
  const row = tile / pieces(n)
  const first = (tile % pieces(n)) * PIECE
  const count = <usize>min(PIECE, n - first)
  const base = pointer(job, 0) + (<usize>first << 2)
  const place = <usize>row * <usize>n + <usize>first
  const theirs = pointer(job, 1) + (place << 2)
  const out = pointer(job, 2) + (place << 3)
  const zero = f64x2.splat(0)
  let wrong = zero
  let i: usize = 0
  for (; i + 2 <= count; i += 2) {
    const tau = f64x2.sub(
      f64x2.promote_low_f32x4(v128.load64_zero(theirs + (i << 2))),
      f64x2.promote_low_f32x4(v128.load64_zero(base + (i << 2))),
    )
    v128.store(out + (i << 3), tau)
    wrong = f64x2.add(wrong, f64x2.mul(tau, zero))
  }
  let sum = f64x2.extract_lane(wrong, 0) + f64x2.extract_lane(wrong, 1)
  for (; i < count; i++) {
    const tau = <f64>load<f32>(theirs + (i << 2)) - <f64>load<f32>(base + (i << 2))
    store<f64>(out + (i << 3), tau)
    sum += tau * 0
  }
  store<i32>(pointer(job, 4) + (<usize>tile << 2), sum == 0 ? 0 : 1)
}

/** bfloat16 as float32. Arguments: halves, out, n. A tile is a piece. */
export function widenHalves(job: usize, tile: i32, _thread: i32): void {
  const first = <usize>(tile * PIECE)
  const count = min(<usize>int(job, 2) - first, <usize>PIECE)
  const from = pointer(job, 0) + (first << 1)
  const out = pointer(job, 1) + (first << 2)
  let i: usize = 0
  for (; i + 4 <= count; i += 4) {
    const halves = i32x4.extend_low_i16x8_u(v128.load64_zero(from + (i << 1)))
    v128.store(out + (i << 2), i32x4.shl(halves, 16))
  }
  for (; i < count; i++) store<i32>(out + (i << 2), <i32>load<u16>(from + (i << 1)) << 16)
}

/** theta = float32(base + tau). Arguments: base (n) in float32, taus (rows, n), out (rows, n), n. A tile is a piece of a row. */
export function moved(job: usize, tile: i32, _thread: i32): void {
  const n = int(job, 3)
  const row = tile / pieces(n)
  const first = (tile % pieces(n)) * PIECE
  const count = <usize>min(PIECE, n - first)
  const base = pointer(job, 0) + (<usize>first << 2)
  const place = <usize>row * <usize>n + <usize>first
  const tau = pointer(job, 1) + (place << 3)
  const out = pointer(job, 2) + (place << 2)
  let i: usize = 0
  for (; i + 2 <= count; i += 2) {
    const theta = f64x2.add(f64x2.promote_low_f32x4(v128.load64_zero(base + (i << 2))), v128.load(tau + (i << 3)))
    v128.store64_lane(out + (i << 2), f32x4.demote_f64x2_zero(theta), 0)
  }
  for (; i < count; i++) store<f32>(out + (i << 2), <f32>(<f64>load<f32>(base + (i << 2)) + load<f64>(tau + (i << 3))))
}

/**
 * Adds up how many magnitudes have each upper half of bits, or, of one upper half, each lower. Arguments: taus, n,
 * counts (rows, 2^16), upper half (rows; -1: count upper halves). A tile is a row.
 */
export function countMagnitudes(job: usize, tile: i32, _thread: i32): void {
  const n = <usize>int(job, 1)
  const counts = pointer(job, 2) + (<usize>tile << 18)
  const upper = load<i32>(pointer(job, 3) + (<usize>tile << 2))
  const end = pointer(job, 0) + ((<usize>tile * n + n) << 3)
  let at = end - (n << 3)
  if (upper < 0) {
    for (; at < end; at += 8) {
      const bin = counts + (<usize>(magnitude(at) >>> 16) << 2)
      store<i32>(bin, load<i32>(bin) + 1)
    }
  } else {
    for (; at < end; at += 8) {
      const key = magnitude(at)
      if (key >>> 16 != upper) continue
      const bin = counts + (<usize>(key & 0xffff) << 2)
      store<i32>(bin, load<i32>(bin) + 1)
    }
  }
}

/**
 * Where the k-th of a row's magnitudes of one size lies. Arguments: taus, n, (bits of the size, k) of each row, which
 * become (how many are there, up to k; the k-th's place, or -1). A tile is a row.
 */
export function placeOfTied(job: usize, tile: i32, _thread: i32): void {
  const n = int(job, 1)
  const row = pointer(job, 0) + ((<usize>tile * <usize>n) << 3)
  const asked = pointer(job, 2) + (<usize>tile << 3)
  const size = load<i32>(asked)
  const k = load<i32>(asked, 4)
  let seen = 0
  let place = -1
  for (let i = 0; i < n && seen < k; i++) {
    if (magnitude(row + (<usize>i << 3)) != size) continue
    seen++
    if (seen == k) place = i
  }
  store<i32>(asked, seen)
  store<i32>(asked, place, 4)
}

/**
 * What has a larger magnitude than a size, or the same and a place up to a last one, stays (0) or becomes 0 (1), and the
 * other way round. Arguments: taus, n, (bits of the size, last place) of each row, which. A tile is a piece of a row.
 */
export function trim(job: usize, tile: i32, _thread: i32): void {
  const n = int(job, 1)
  const row = tile / pieces(n)
  const first = (tile % pieces(n)) * PIECE
  const own = pointer(job, 0) + ((<usize>row * <usize>n) << 3)
  const table = pointer(job, 2) + (<usize>row << 3)
  const size = load<i32>(table)
  const last = load<i32>(table, 4)
  const isDropped = int(job, 3) != 0
  for (let i = first, end = min(n, first + PIECE); i < end; i++) {
    const at = own + (<usize>i << 3)
    const key = magnitude(at)
    const isAmong = <i32>(key > size) | (<i32>(key == size) & <i32>(i <= last))
    const x = load<f64>(at)
    store<f64>(at, (isAmong != 0) != isDropped ? x : 0)
  }
}

/** Each row times its factor. Arguments: taus, n, factors. A tile is a piece of a row. */
export function scaleRows(job: usize, tile: i32, _thread: i32): void {
  const n = int(job, 1)
  const row = tile / pieces(n)
  const first = (tile % pieces(n)) * PIECE
  const by = v128.load64_splat(pointer(job, 2) + (<usize>row << 3))
  let at = pointer(job, 0) + ((<usize>row * <usize>n + <usize>first) << 3)
  const end = at + (<usize>min(PIECE, n - first) << 3)
  for (; at + 16 <= end; at += 16) v128.store(at, f64x2.mul(v128.load(at), by))
  if (at < end) store<f64>(at, load<f64>(at) * f64x2.extract_lane(by, 0))
}

/** sum |x| of each row. Arguments: taus, n, sums. A tile is a row. */
export function sizesOfRows(job: usize, tile: i32, _thread: i32): void {
  const n = <usize>int(job, 1)
  let at = pointer(job, 0) + ((<usize>tile * n) << 3)
  const end = at + (n << 3)
  let sum: f64 = 0
  for (; at < end; at += 8) sum += Math.abs(load<f64>(at))
  store<f64>(pointer(job, 2) + (<usize>tile << 3), sum)
}

/**
 * In place: what has not the sign of the rows' sum, or of another number where that is 0, becomes 0. Arguments: taus,
 * n, rows, the number's place. A tile is a piece of all rows.
 */
export function elect(job: usize, tile: i32, _thread: i32): void {
  const n = <usize>int(job, 1)
  const rows = int(job, 2)
  const first = <usize>(tile * PIECE)
  const start = pointer(job, 0)
  const byZero = load<f64>(pointer(job, 3))
  const other = f64x2.splat(byZero)
  const zero = f64x2.splat(0)
  let i = first
  const end = min(n, first + <usize>PIECE)
  for (; i + 2 <= end; i += 2) {
    let at = start + (i << 3)
    let sum = zero
    for (let t = 0; t < rows; t++, at += n << 3) sum = f64x2.add(sum, v128.load(at))
    const sign = v128.bitselect(other, sum, f64x2.eq(sum, zero))
    at = start + (i << 3)
    for (let t = 0; t < rows; t++, at += n << 3) {
      const x = v128.load(at)
      v128.store(at, v128.and(x, f64x2.gt(f64x2.mul(x, sign), zero)))
    }
  }
  if (i < end) {
    let at = start + (i << 3)
    let sum: f64 = 0
    for (let t = 0; t < rows; t++, at += n << 3) sum += load<f64>(at)
    const sign = sum == 0 ? byZero : sum
    at = start + (i << 3)
    for (let t = 0; t < rows; t++, at += n << 3) if (!(load<f64>(at) * sign > 0)) store<f64>(at, 0)
  }
}

/**
 * Of what is not 0 in each column the sum (0), the sum over that of its weights (1), or the largest (2). Arguments:
 * taus, n, rows, weights, out (n), which. A tile is a piece of all rows.
 */
export function agree(job: usize, tile: i32, _thread: i32): void {
  const n = <usize>int(job, 1)
  const rows = int(job, 2)
  const weights = pointer(job, 3)
  const out = pointer(job, 4)
  const which = int(job, 5)
  const first = <usize>(tile * PIECE)
  const zero = f64x2.splat(0)
  // An odd last column is done as a pair whose second is not kept.
  for (let i = first, end = min(n, first + <usize>PIECE); i < end; i += 2) {
    const isPair = i + 2 <= end
    let at = pointer(job, 0) + (i << 3)
    let sum = zero
    let divisor = zero
    let most = zero
    for (let t = 0; t < rows; t++, at += n << 3) {
      const x = isPair ? v128.load(at) : v128.load64_zero(at)
      sum = f64x2.add(sum, x)
      divisor = f64x2.add(divisor, v128.and(f64x2.ne(x, zero), v128.load64_splat(weights + (<usize>t << 3))))
      most = v128.bitselect(x, most, f64x2.gt(f64x2.abs(x), f64x2.abs(most)))
    }
    let given = sum
    if (which == 1) given = v128.bitselect(f64x2.div(sum, divisor), sum, f64x2.ne(divisor, zero))
    if (which == 2) given = most
    if (isPair) v128.store(out + (i << 3), given)
    else store<f64>(out + (i << 3), f64x2.extract_lane(given, 0))
  }
}
