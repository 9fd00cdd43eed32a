// Layer norm over each row of x (rows, width): y = (x - mean) scale gain + bias, scale = 1 / sqrt(variance + epsilon).
// Backward, with h = (x - mean) scale and g = dy gain: dx = scale (g - mean(g) - h mean(g h)), dgain = sum dy h, dbias
// = sum dy; the two sums over rows are left as one partial result a tile, for `combineChunks`.
import { float, fma, int, pointer, sumLanes } from './lanes'

/** Arguments: x, gain, bias, y, mean, scale, rows, width, epsilon, rows a tile. */
export function layerNorm(job: usize, tile: i32, _thread: i32): void {
  const gain = pointer(job, 1)
  const bias = pointer(job, 2)
  const rows = int(job, 6)
  const width = <usize>int(job, 7) * 4
  const perTile = int(job, 9)
  const last = min(rows, (tile + 1) * perTile)
  for (let row = tile * perTile; row < last; row++) {
    const x = pointer(job, 0) + <usize>row * width
    const y = pointer(job, 3) + <usize>row * width
    const mean = rowSum(x, width) / <f32>int(job, 7)
    const variance = rowSquares(x, width, mean) / <f32>int(job, 7)
    const scale: f32 = 1 / sqrt<f32>(variance + float(job, 8))
    store<f32>(pointer(job, 4) + (<usize>row << 2), mean)
    store<f32>(pointer(job, 5) + (<usize>row << 2), scale)
    const means = f32x4.splat(mean)
    const scales = f32x4.splat(scale)
    let i: usize = 0
    for (; i + 16 <= width; i += 16) {
      const h = f32x4.mul(f32x4.sub(v128.load(x + i), means), scales)
      v128.store(y + i, fma(h, v128.load(gain + i), v128.load(bias + i)))
    }
    for (; i < width; i += 4) {
      store<f32>(y + i, (load<f32>(x + i) - mean) * scale * load<f32>(gain + i) + load<f32>(bias + i))
    }
  }
}

function rowSum(x: usize, width: usize): f32 {
  let sum0 = f32x4.splat(0)
  let sum1 = f32x4.splat(0)
  let i: usize = 0
  for (; i + 32 <= width; i += 32) {
    sum0 = f32x4.add(sum0, v128.load(x + i))
    sum1 = f32x4.add(sum1, v128.load(x + i, 16))
  }
  let sum = sumLanes(f32x4.add(sum0, sum1))
  for (; i < width; i += 4) sum += load<f32>(x + i)
  return sum
}

function rowSquares(x: usize, width: usize, mean: f32): f32 {
  const means = f32x4.splat(mean)
  let sum0 = f32x4.splat(0)
  let sum1 = f32x4.splat(0)
  let i: usize = 0
  for (; i + 32 <= width; i += 32) {
    const d0 = f32x4.sub(v128.load(x + i), means)
    const d1 = f32x4.sub(v128.load(x + i, 16), means)
    sum0 = fma(d0, d0, sum0)
    sum1 = fma(d1, d1, sum1)
  }
  let sum = sumLanes(f32x4.add(sum0, sum1))
  for (; i < width; i += 4) {
    const d = load<f32>(x + i) - mean
    sum += d * d
  }
  return sum
}

/** Arguments: dy, x, mean, scale, gain, dx, partial sums (tiles, 2, width: dgain, dbias), rows, width, rows a tile. */
export function layerNormGradient(job: usize, tile: i32, _thread: i32): void {
  const gain = pointer(job, 4)
  const rows = int(job, 7)
  const width = <usize>int(job, 8) * 4
  const perTile = int(job, 9)
  const dgain = pointer(job, 6) + <usize>tile * 2 * width
  const dbias = dgain + width
  memory.fill(dgain, 0, 2 * width)
  const last = min(rows, (tile + 1) * perTile)
  for (let row = tile * perTile; row < last; row++) {
    const dy = pointer(job, 0) + <usize>row * width
    const x = pointer(job, 1) + <usize>row * width
    const mean = load<f32>(pointer(job, 2) + (<usize>row << 2))
    const scale = load<f32>(pointer(job, 3) + (<usize>row << 2))
    const dx = pointer(job, 5) + <usize>row * width
    gradientRow(dy, x, gain, dx, dgain, dbias, width, mean, scale)
  }
}

function gradientRow(
  dy: usize, x: usize, gain: usize, dx: usize, dgain: usize, dbias: usize, width: usize, mean: f32, scale: f32,
): void {
  const means = f32x4.splat(mean)
  const scales = f32x4.splat(scale)
  let sums = f32x4.splat(0) // of g
  let products = f32x4.splat(0) // of g h
  let i: usize = 0
  for (; i + 16 <= width; i += 16) {
    const d = v128.load(dy + i)
    const h = f32x4.mul(f32x4.sub(v128.load(x + i), means), scales)
    const g = f32x4.mul(d, v128.load(gain + i))
    sums = f32x4.add(sums, g)
    products = fma(g, h, products)
    v128.store(dgain + i, fma(d, h, v128.load(dgain + i)))
    v128.store(dbias + i, f32x4.add(d, v128.load(dbias + i)))
  }
  let sum = sumLanes(sums)
  let product = sumLanes(products)
  for (; i < width; i += 4) {
    const d = load<f32>(dy + i)
    const h = (load<f32>(x + i) - mean) * scale
    const g = d * load<f32>(gain + i)
    sum += g
    product += g * h
    store<f32>(dgain + i, load<f32>(dgain + i) + d * h)
    store<f32>(dbias + i, load<f32>(dbias + i) + d)
  }
  const count = <f32>(width >> 2)
  const meanG = sum / count
  const meanGh = product / count
  const meanGs = f32x4.splat(meanG)
  const meanGhs = f32x4.splat(meanGh)
  for (i = 0; i + 16 <= width; i += 16) {
    const h = f32x4.mul(f32x4.sub(v128.load(x + i), means), scales)
    const g = f32x4.mul(v128.load(dy + i), v128.load(gain + i))
    v128.store(dx + i, f32x4.mul(scales, f32x4.sub(f32x4.sub(g, meanGs), f32x4.mul(h, meanGhs))))
  }
  for (; i < width; i += 4) {
    const h = (load<f32>(x + i) - mean) * scale
    store<f32>(dx + i, scale * (load<f32>(dy + i) * load<f32>(gain + i) - meanG - h * meanGh))
  }
}
