// Elements of task vectors that stay by chance (engine/devices/double/chances.ts): m ~ Bernoulli(density) from Philox, a
// counter for every four elements. Models are as their files have them, float32 or bfloat16; what is computed of them is
// what plain loops over float64 give, to the bit, with any number of threads.
import { int, pointer } from './lanes'
import { lower, rounded, upper } from './sums'

/** Elements of a piece; engine/devices/double/chances.ts counts tiles with the same number. */
const PIECE: i32 = 4096

// Philox4x32-10 (numbers/random.ts) of four counters at once: word k of each in lane order.
let w0: v128 = i32x4.splat(0)
let w1: v128 = i32x4.splat(0)
let w2: v128 = i32x4.splat(0)
let w3: v128 = i32x4.splat(0)

// @ts-ignore: decorator
@inline
function lows(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 2, 4, 6)
}

// @ts-ignore: decorator
@inline
function highs(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 1, 3, 5, 7)
}

const ROUNDS = 10
/** Bytes of the keys of all rounds, each four times. */
const KEYS: usize = 32 * ROUNDS

/** Writes them down. */
function schedule(at: usize, seed: i32, stream: i32): void {
  for (const end = at + KEYS; at < end; at += 32) {
    v128.store(at, i32x4.splat(seed))
    v128.store(at, i32x4.splat(stream), 16)
    seed += 0x9e3779b9
    stream += 0xbb67ae85
  }
}

// @ts-ignore: decorator
@inline
function philox(low: v128, high: i32, a: i32, b: i32, keys: usize): void {
  const m0 = i32x4.splat(0xd2511f53)
  const m1 = i32x4.splat(0xcd9e8d57)
  let c0 = low
  let c1 = i32x4.splat(high)
  let c2 = i32x4.splat(a)
  let c3 = i32x4.splat(b)
  for (let round = 0; round < ROUNDS; round++, keys += 32) {
    const p0 = i64x2.extmul_low_i32x4_u(c0, m0)
    const q0 = i64x2.extmul_high_i32x4_u(c0, m0)
    const p1 = i64x2.extmul_low_i32x4_u(c2, m1)
    const q1 = i64x2.extmul_high_i32x4_u(c2, m1)
    c0 = v128.xor(v128.xor(highs(p1, q1), c1), v128.load(keys))
    c1 = lows(p1, q1)
    c2 = v128.xor(v128.xor(highs(p0, q0), c3), v128.load(keys, 16))
    c3 = lows(p0, q0)
  }
  // from words of one kind to the words of one counter
  const x = v128.shuffle<i32>(c0, c1, 0, 4, 1, 5)
  const y = v128.shuffle<i32>(c2, c3, 0, 4, 1, 5)
  const z = v128.shuffle<i32>(c0, c1, 2, 6, 3, 7)
  const w = v128.shuffle<i32>(c2, c3, 2, 6, 3, 7)
  w0 = v128.shuffle<i64>(x, y, 0, 2)
  w1 = v128.shuffle<i64>(x, y, 1, 3)
  w2 = v128.shuffle<i64>(z, w, 0, 2)
  w3 = v128.shuffle<i64>(z, w, 1, 3)
}

// @ts-ignore: decorator
@inline
function keepFour(at: usize, words: v128, most: v128, by: v128): void {
  const isKept = i32x4.le_u(words, most)
  v128.store(at, v128.and(f64x2.mul(v128.load(at), by), i64x2.extend_low_i32x4_s(isKept)))
  v128.store(at, v128.and(f64x2.mul(v128.load(at, 16), by), i64x2.extend_high_i32x4_s(isKept)), 16)
}

/**
 * What has a random word up to `most` is multiplied by a factor, the rest becomes 0; the word of element i is the
 * (i mod 4)-th of counter floor(i / 4). Arguments: tau, n, first element (low and high half), seed, stream, most, place
 * of the factor, two words of its name, scratch (56 doubles a thread). A tile is a piece of the row.
 */
export function keepByChance(job: usize, tile: i32, thread: i32): void {
  const n = int(job, 1)
  const begin = tile * PIECE
  const end = min(n, begin + PIECE)
  const own = pointer(job, 0)
  const most = i32x4.splat(int(job, 6))
  const by = v128.load64_splat(pointer(job, 7))
  const a = int(job, 8)
  const b = int(job, 9)
  const scratch = pointer(job, 10) + <usize>thread * (128 + KEYS)
  const keys = scratch + 128
  schedule(keys, int(job, 4), int(job, 5))
  const firstElement = load<u64>(job, 8) // both halves
  const lanes = i32x4(0, 1, 2, 3)
  // sixteen elements at a time, from a counter that is a multiple of four
  const shift = <i32>((firstElement + <u64>begin) & 15)
  for (let i = begin - shift; i < end; i += 16) {
    const block = (firstElement + <u64>i) >> 2
    philox(i32x4.add(i32x4.splat(<i32>block), lanes), <i32>(block >> 32), a, b, keys)
    const from = max(i, begin)
    const count = <usize>(min(i + 16, end) - from) << 3
    const isWhole = count == 128
    const place = own + (<usize>from << 3)
    const inside = <usize>(from - i) << 3
    if (!isWhole) memory.copy(scratch + inside, place, count)
    const at = isWhole ? place : scratch
    keepFour(at, w0, most, by)
    keepFour(at + 32, w1, most, by)
    keepFour(at + 64, w2, most, by)
    keepFour(at + 96, w3, most, by)
    if (!isWhole) memory.copy(place, scratch + inside, count)
  }
}

// Bytes of a row of the table: what stays is times (0), then the row's factor (8), its weight (16), over a divisor (24);
// what stays at all (32), up to which random word (36), two words of the row's name (40, 44).
const ROW: usize = 48
const NONE: i32 = 0
const BY_CHANCE: i32 = 1
const KNOWN: i32 = 3
/** Bytes of scratch of a thread: what sixteen elements add to two sums, and the keys. */
const SCRATCH: usize = 256 + KEYS

// @ts-ignore: decorator
@inline
function fourAt(model: usize, isHalf: bool, i: i32): v128 {
  if (isHalf) return i32x4.shl(v128.load_ext<u16>(model + (<usize>i << 1)), 16)
  return v128.load(model + (<usize>i << 2))
}

/** Which of sixteen elements from `i` on stay, all bits of w0 to w3: drawn, or by the bits of an earlier draw. */
// @ts-ignore: decorator
@inline
function decide(job: usize, row: usize, i: i32, bits: usize, keys: usize): void {
  const how = load<i32>(row, 32)
  if (how == BY_CHANCE) {
    const block = (load<u64>(job, 8) + <u64>i) >> 2
    const counters = i32x4.add(i32x4.splat(<i32>block), i32x4(0, 1, 2, 3))
    philox(counters, <i32>(block >> 32), load<i32>(row, 40), load<i32>(row, 44), keys)
    const most = v128.load32_splat(row, 36)
    w0 = i32x4.le_u(w0, most)
    w1 = i32x4.le_u(w1, most)
    w2 = i32x4.le_u(w2, most)
    w3 = i32x4.le_u(w3, most)
  } else if (how == KNOWN) {
    const all = i32x4.splat(<i32>load<u16>(bits))
    w0 = isSet(all, i32x4(1, 2, 4, 8))
    w1 = isSet(all, i32x4(16, 32, 64, 128))
    w2 = isSet(all, i32x4(256, 512, 1024, 2048))
    w3 = isSet(all, i32x4(4096, 8192, 16384, 32768))
  } else {
    w0 = w1 = w2 = w3 = i32x4.splat(how == NONE ? 0 : -1)
  }
}

// @ts-ignore: decorator
@inline
function isSet(bits: v128, which: v128): v128 {
  return i32x4.eq(v128.and(bits, which), which)
}

// @ts-ignore: decorator
@inline
function putSizes(at: usize, tau: v128, by: v128, stays: v128): void {
  const whole = f64x2.abs(tau)
  const left = f64x2.abs(v128.and(f64x2.mul(tau, by), stays))
  v128.store(at, v128.shuffle<i64>(whole, left, 0, 2))
  v128.store(at, v128.shuffle<i64>(whole, left, 1, 3), 16)
}

// @ts-ignore: decorator
@inline
function putFour(at: usize, theirs: v128, base: v128, by: v128, stays: v128): void {
  putSizes(at, f64x2.sub(lower(theirs), lower(base)), by, i64x2.extend_low_i32x4_s(stays))
  putSizes(at + 32, f64x2.sub(upper(theirs), upper(base)), by, i64x2.extend_high_i32x4_s(stays))
}

/**
 * sum |tau| and sum |m tau| of each row, from the first element to the last, and a bit an element that says whether it
 * stays. Arguments: base, n, first element (low and high half), seed, stream, whether the base is bfloat16, (model,
 * whether it is) of each row, the rows' table, (two sums) of each row, scratch, bits (rows, of 16 elements each),
 * sixteens of a row. A tile is a row.
 */
export function sizesByChance(job: usize, tile: i32, thread: i32): void {
  const n = int(job, 1)
  const base = pointer(job, 0)
  const isHalf = int(job, 6) != 0
  const models = pointer(job, 7) + (<usize>tile << 3)
  const theirs = pointer(models, 0)
  const areHalf = int(models, 1) != 0
  const row = pointer(job, 8) + <usize>tile * ROW
  const by = v128.load64_splat(row)
  const scratch = pointer(job, 10) + <usize>thread * SCRATCH
  const keys = scratch + 256
  schedule(keys, int(job, 4), int(job, 5))
  let bits = pointer(job, 11) + ((<usize>tile * pointer(job, 12)) << 1)
  let sums = f64x2.splat(0)
  for (let i = -(int(job, 2) & 15); i < n; i += 16, bits += 2) {
    decide(job, row, i, bits, keys)
    const stays = i32x4.bitmask(w0) | (i32x4.bitmask(w1) << 4) | (i32x4.bitmask(w2) << 8) | (i32x4.bitmask(w3) << 12)
    store<u16>(bits, <u16>stays)
    putFour(scratch, fourAt(theirs, areHalf, i), fourAt(base, isHalf, i), by, w0)
    putFour(scratch + 64, fourAt(theirs, areHalf, i + 4), fourAt(base, isHalf, i + 4), by, w1)
    putFour(scratch + 128, fourAt(theirs, areHalf, i + 8), fourAt(base, isHalf, i + 8), by, w2)
    putFour(scratch + 192, fourAt(theirs, areHalf, i + 12), fourAt(base, isHalf, i + 12), by, w3)
    const end = scratch + (<usize>min(16, n - i) << 4)
    for (let at = scratch + (<usize>max(0, -i) << 4); at < end; at += 16) sums = f64x2.add(sums, v128.load(at))
  }
  v128.store(pointer(job, 9) + (<usize>tile << 4), sums)
}

/** base + m tau, times all that a row says. */
// @ts-ignore: decorator
@inline
function moved(base: v128, theirs: v128, row: usize, stays: v128, isDivided: bool): v128 {
  const kept = v128.and(f64x2.mul(f64x2.sub(theirs, base), v128.load64_splat(row)), stays)
  const scaled = f64x2.mul(f64x2.mul(kept, v128.load64_splat(row, 8)), v128.load64_splat(row, 16))
  return f64x2.add(base, isDivided ? f64x2.div(scaled, v128.load64_splat(row, 24)) : scaled)
}

/** Gives what is no number where one of the eight is not finite. */
// @ts-ignore: decorator
@inline
function moveFour(at: usize, theirs: v128, base: v128, row: usize, stays: v128, isDivided: bool): v128 {
  const low = moved(lower(base), lower(theirs), row, i64x2.extend_low_i32x4_s(stays), isDivided)
  const high = moved(upper(base), upper(theirs), row, i64x2.extend_high_i32x4_s(stays), isDivided)
  v128.store(at, rounded(low, high))
  return f32x4.mul(f32x4.add(theirs, base), f32x4.splat(0))
}

/**
 * theta = float32(base + m tau), each row; a word a tile says whether a tau is not finite. Arguments as of
 * sizesByChance, but out (rows, stride) in float32 in place of sums, and behind all words and the stride. Where a piece
 * does not begin with a counter its neighbours' elements are computed as well, and are what they are there; before and
 * behind a row there is room for 16. A tile is a piece of a row.
 */
export function movedByChance(job: usize, tile: i32, thread: i32): void {
  const n = int(job, 1)
  const pieces = (n + PIECE - 1) / PIECE
  const t = <usize>(tile / pieces)
  const begin = (tile % pieces) * PIECE
  const end = min(n, begin + PIECE)
  const base = pointer(job, 0)
  const isHalf = int(job, 6) != 0
  const models = pointer(job, 7) + (t << 3)
  const theirs = pointer(models, 0)
  const areHalf = int(models, 1) != 0
  const row = pointer(job, 8) + t * ROW
  const isDivided = load<f64>(row, 24) != 1
  const out = pointer(job, 9) + ((t * pointer(job, 14)) << 2)
  const keys = pointer(job, 10) + <usize>thread * SCRATCH + 256
  schedule(keys, int(job, 4), int(job, 5))
  const shift = int(job, 2) & 15
  const start = begin - ((shift + begin) & 15)
  let bits = pointer(job, 11) + ((t * pointer(job, 12) + <usize>((start + shift) >> 4)) << 1)
  let wrong = f32x4.splat(0)
  for (let i = start; i < end; i += 16, bits += 2) {
    decide(job, row, i, bits, keys)
    const at = out + (<usize>i << 2)
    const x = moveFour(at, fourAt(theirs, areHalf, i), fourAt(base, isHalf, i), row, w0, isDivided)
    const y = moveFour(at + 16, fourAt(theirs, areHalf, i + 4), fourAt(base, isHalf, i + 4), row, w1, isDivided)
    const z = moveFour(at + 32, fourAt(theirs, areHalf, i + 8), fourAt(base, isHalf, i + 8), row, w2, isDivided)
    const w = moveFour(at + 48, fourAt(theirs, areHalf, i + 12), fourAt(base, isHalf, i + 12), row, w3, isDivided)
    wrong = f32x4.add(wrong, f32x4.add(f32x4.add(x, y), f32x4.add(z, w)))
  }
  const isFinite = !v128.any_true(f32x4.ne(wrong, f32x4.splat(0)))
  store<i32>(pointer(job, 13) + (<usize>tile << 2), isFinite ? 0 : 1)
}
