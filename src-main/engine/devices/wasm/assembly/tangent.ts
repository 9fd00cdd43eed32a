// Forward mode, k tangents stacked over one primal: rows r of dx belong to row r mod rows of x.
//   layer norm   dy = gain scale (dx - mean(dx) - h mean(dx h)),  h = (x - mean) scale
//   activation   dy = f'(x) dx
//   attention    dS = dq k' + q dk',  dP = P (dS - rowsum(dS P)) s,  dy = dP v + P dv
import { derivative } from './activation'
import { softmaxGradient } from './attention'
import { float, fma, int, pointer, sumLanes, TILE } from './lanes'
import { multiply } from './multiply'

/** Arguments: dx, x, mean, scale, gain, out, rows of dx, rows of x, width, rows a tile. */
export function layerNormTangent(job: usize, tile: i32, _thread: i32): void {
  const all = int(job, 6)
  const rows = int(job, 7)
  const width = <usize>int(job, 8) * 4
  const perTile = int(job, 9)
  const last = min(all, (tile + 1) * perTile)
  for (let row = tile * perTile; row < last; row++) {
    const primal = <usize>(row % rows)
    const mean = load<f32>(pointer(job, 2) + (primal << 2))
    const scale = load<f32>(pointer(job, 3) + (primal << 2))
    const offset = <usize>row * width
    tangentRow(pointer(job, 0) + offset, pointer(job, 1) + primal * width, pointer(job, 4), pointer(job, 5) + offset, width, mean, scale)
  }
}

function tangentRow(dx: usize, x: usize, gain: usize, out: usize, width: usize, mean: f32, scale: f32): void {
  const means = f32x4.splat(mean)
  const scales = f32x4.splat(scale)
  let sums = f32x4.splat(0) // of dx
  let products = f32x4.splat(0) // of dx h
  let i: usize = 0
  for (; i + 16 <= width; i += 16) {
    const d = v128.load(dx + i)
    sums = f32x4.add(sums, d)
    products = fma(d, f32x4.mul(f32x4.sub(v128.load(x + i), means), scales), products)
  }
  let sum = sumLanes(sums)
  let product = sumLanes(products)
  for (; i < width; i += 4) {
    const d = load<f32>(dx + i)
    sum += d
    product += d * ((load<f32>(x + i) - mean) * scale)
  }
  const count = <f32>(width >> 2)
  const meanD = sum / count
  const meanDh = product / count
  const meanDs = f32x4.splat(meanD)
  const meanDhs = f32x4.splat(meanDh)
  for (i = 0; i + 16 <= width; i += 16) {
    const h = f32x4.mul(f32x4.sub(v128.load(x + i), means), scales)
    const centred = f32x4.sub(f32x4.sub(v128.load(dx + i), meanDs), f32x4.mul(h, meanDhs))
    v128.store(out + i, f32x4.mul(f32x4.mul(v128.load(gain + i), scales), centred))
  }
  for (; i < width; i += 4) {
    const h = (load<f32>(x + i) - mean) * scale
    store<f32>(out + i, load<f32>(gain + i) * scale * (load<f32>(dx + i) - meanD - h * meanDh))
  }
}

/** Arguments: dx, x, out, elements of x, exact. As many tiles for each tangent as x has. */
export function activationTangent(job: usize, tile: i32, _thread: i32): void {
  if (int(job, 4)) tangents(job, tile, 1)
  else tangents(job, tile, 0)
}

// @ts-ignore: decorator
@inline
function tangents(job: usize, tile: i32, exact: i32): void {
  const count = int(job, 3)
  const tiles = (count + TILE - 1) / TILE
  const part = tile % tiles
  const from = <usize>part * TILE * 4
  const offset = <usize>(tile / tiles) * <usize>count * 4 + from
  const dx = pointer(job, 0) + offset
  const x = pointer(job, 1) + from
  const out = pointer(job, 2) + offset
  const bytes = <usize>min(TILE, count - part * TILE) * 4
  let i: usize = 0
  for (; i + 16 <= bytes; i += 16) v128.store(out + i, f32x4.mul(v128.load(dx + i), derivative(v128.load(x + i), exact, job)))
  for (; i < bytes; i += 4) {
    store<f32>(out + i, load<f32>(dx + i) * f32x4.extract_lane(derivative(v128.load32_splat(x + i), exact, job), 0))
  }
}

/**
 * Arguments: dqkv, qkv, probabilities, out, images, tokens, heads, size, s, scratch, bytes a thread (two of `larger`
 * floats first), larger.
 */
export function attentionTangent(job: usize, tile: i32, thread: i32): void {
  const images = int(job, 4)
  const tokens = int(job, 5)
  const heads = int(job, 6)
  const size = int(job, 7)
  const width = <usize>(heads * size)
  const larger = (<usize>int(job, 11) << 2)
  const dp = pointer(job, 9) + <usize>thread * pointer(job, 10)
  const other = dp + larger
  const scratch = (other + larger + 15) & ~15
  const square = <usize>tokens * tokens * 4
  const primal = tile % (images * heads)
  const head = <usize>(primal % heads) * size
  const firstRow = <usize>(primal / heads) * tokens
  const dRow = <usize>(tile / heads) * tokens
  const q = pointer(job, 1) + ((firstRow * 3 * width + head) << 2)
  const k = q + (width << 2)
  const v = k + (width << 2)
  const dq = pointer(job, 0) + ((dRow * 3 * width + head) << 2)
  const dk = dq + (width << 2)
  const dv = dk + (width << 2)
  const p = pointer(job, 2) + <usize>primal * square
  const out = pointer(job, 3) + ((dRow * width + head) << 2)
  multiply(tokens, tokens, size, dq, 3 * width, 1, k, 1, 3 * width, dp, tokens, scratch)
  multiply(tokens, tokens, size, q, 3 * width, 1, dk, 1, 3 * width, other, tokens, scratch)
  addTo(dp, other, square)
  for (let row = 0; row < tokens; row++) {
    const start = (<usize>row * tokens) << 2
    softmaxGradient(dp + start, p + start, <usize>tokens << 2, float(job, 8))
  }
  multiply(tokens, size, tokens, dp, tokens, 1, v, 3 * width, 1, out, width, scratch)
  multiply(tokens, size, tokens, p, tokens, 1, dv, 3 * width, 1, other, size, scratch)
  for (let row = 0; row < tokens; row++) {
    addTo(out + ((<usize>row * width) << 2), other + ((<usize>(row * size)) << 2), <usize>size << 2)
  }
}

/** x += y. */
function addTo(x: usize, y: usize, bytes: usize): void {
  let i: usize = 0
  for (; i + 16 <= bytes; i += 16) v128.store(x + i, f32x4.add(v128.load(x + i), v128.load(y + i)))
  for (; i < bytes; i += 4) store<f32>(x + i, load<f32>(x + i) + load<f32>(y + i))
}
