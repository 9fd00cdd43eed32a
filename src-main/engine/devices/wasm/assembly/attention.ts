// Multi-head self-attention straight on the rows of qkv (images * tokens, 3 * width), one (image, head) a tile:
// P = softmax(q k' s), y = P v, s = 1 / sqrt(size), size = width / heads. Backward, with dP = dy v':
// dS = P (dP - rowsum(dP P)) s; dq = dS k, dk = dS' q, dv = P' dy. Causal, P is 0 above its diagonal, and so is dS: the
// way back needs no mask.
import { exp } from './exponential'
import { float, fma, int, pointer, sumLanes } from './lanes'
import { multiply } from './multiply'

/** Arguments: qkv, y, probabilities, tokens, heads, size, s, scratch, bytes a thread, 1 if causal. */
export function attention(job: usize, tile: i32, thread: i32): void {
  const tokens = int(job, 3)
  const heads = int(job, 4)
  const size = int(job, 5)
  const width = <usize>(heads * size)
  const scratch = pointer(job, 7) + <usize>thread * pointer(job, 8)
  const firstRow = <usize>(tile / heads) * tokens
  const head = <usize>(tile % heads) * size
  const q = pointer(job, 0) + ((firstRow * 3 * width + head) << 2)
  const k = q + (width << 2)
  const v = k + (width << 2)
  const p = pointer(job, 2) + ((<usize>tile * tokens * tokens) << 2)
  const y = pointer(job, 1) + ((firstRow * width + head) << 2)
  const isCausal = int(job, 9) === 1
  multiply(tokens, tokens, size, q, 3 * width, 1, k, 1, 3 * width, p, tokens, scratch)
  for (let row = 0; row < tokens; row++) {
    const seen = isCausal ? row + 1 : tokens
    const start = p + ((<usize>row * tokens) << 2)
    softmax(start, <usize>seen << 2, float(job, 6), job)
    memory.fill(start + (<usize>seen << 2), 0, <usize>(tokens - seen) << 2)
  }
  multiply(tokens, size, tokens, p, tokens, 1, v, 3 * width, 1, y, width, scratch)
}

/** exp(s (x - max)) / sum, in place. */
function softmax(x: usize, bytes: usize, s: f32, job: usize): void {
  let largest = load<f32>(x)
  // A comparison never chooses NaN, but exp(NaN - largest) still makes the whole row NaN.
  for (let i: usize = 4; i < bytes; i += 4) {
    const value = load<f32>(x + i)
    if (value > largest) largest = value
  }
  const scales = f32x4.splat(s)
  const shifts = f32x4.splat(largest)
  let sums = f32x4.splat(0)
  let i: usize = 0
  for (; i + 16 <= bytes; i += 16) {
    const e = exp(f32x4.mul(f32x4.sub(v128.load(x + i), shifts), scales), job)
    sums = f32x4.add(sums, e)
    v128.store(x + i, e)
  }
  let sum = sumLanes(sums)
  for (; i < bytes; i += 4) {
    const e = f32x4.extract_lane(exp(f32x4.mul(f32x4.sub(v128.load32_splat(x + i), shifts), scales), job), 0)
    sum += e
    store<f32>(x + i, e)
  }
  const inverse: f32 = 1 / sum
  const inverses = f32x4.splat(inverse)
  for (i = 0; i + 16 <= bytes; i += 16) v128.store(x + i, f32x4.mul(v128.load(x + i), inverses))
  for (; i < bytes; i += 4) store<f32>(x + i, load<f32>(x + i) * inverse)
}

/** Arguments: dy, qkv, probabilities, dqkv, tokens, heads, size, s, scratch, bytes a thread (tokens^2 floats first). */
export function attentionGradient(job: usize, tile: i32, thread: i32): void {
  const tokens = int(job, 4)
  const heads = int(job, 5)
  const size = int(job, 6)
  const width = <usize>(heads * size)
  const ds = pointer(job, 8) + <usize>thread * pointer(job, 9)
  const square = <usize>tokens * tokens * 4
  const scratch = ds + ((square + 15) & ~15)
  const firstRow = <usize>(tile / heads) * tokens
  const head = <usize>(tile % heads) * size
  const offset = (firstRow * 3 * width + head) << 2
  const q = pointer(job, 1) + offset
  const k = q + (width << 2)
  const v = k + (width << 2)
  const dq = pointer(job, 3) + offset
  const dk = dq + (width << 2)
  const dv = dk + (width << 2)
  const p = pointer(job, 2) + <usize>tile * square
  const dy = pointer(job, 0) + ((firstRow * width + head) << 2)
  multiply(tokens, size, tokens, p, 1, tokens, dy, width, 1, dv, 3 * width, scratch)
  multiply(tokens, tokens, size, dy, width, 1, v, 1, 3 * width, ds, tokens, scratch)
  for (let row = 0; row < tokens; row++) {
    const start = (<usize>row * tokens) << 2
    softmaxGradient(ds + start, p + start, <usize>tokens << 2, float(job, 7))
  }
  multiply(tokens, size, tokens, ds, tokens, 1, k, 3 * width, 1, dq, 3 * width, scratch)
  multiply(tokens, size, tokens, ds, 1, tokens, q, 3 * width, 1, dk, 3 * width, scratch)
}

/** d = p (d - < d, p >) s, in place. */
export function softmaxGradient(d: usize, p: usize, bytes: usize, s: f32): void {
  let sums = f32x4.splat(0)
  let i: usize = 0
  for (; i + 16 <= bytes; i += 16) sums = fma(v128.load(d + i), v128.load(p + i), sums)
  let sum = sumLanes(sums)
  for (; i < bytes; i += 4) sum += load<f32>(d + i) * load<f32>(p + i)
  const shifts = f32x4.splat(sum)
  const scales = f32x4.splat(s)
  for (i = 0; i + 16 <= bytes; i += 16) {
    v128.store(d + i, f32x4.mul(f32x4.mul(v128.load(p + i), scales), f32x4.sub(v128.load(d + i), shifts)))
  }
  for (; i < bytes; i += 4) store<f32>(d + i, load<f32>(p + i) * s * (load<f32>(d + i) - sum))
}
