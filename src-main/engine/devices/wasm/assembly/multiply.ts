// The matrix product on packed panels, after Goto and van de Geijn (2008): six rows by eight columns of C are kept in
// twelve registers while k runs; k is cut into DEPTH steps so that a panel of B stays in the first-level cache.
// Every element of C is summed over k in one order, whatever the tiling and the number of threads.
import { fma } from './lanes'
import { COLUMNS, packPanel, packRows, ROWS } from './pack'

/** Steps of k in one pass, and rows of A packed at a time. */
export const DEPTH: i32 = 256
export const HEIGHT: i32 = 48

/** Bytes of scratch that `multiplyPacked` needs: a packed block of A, and one 6 x 8 tile for the edges of C. */
export const SCRATCH: usize = 4 * 256 * 48 + 192

const FROM_ZERO: i32 = 0
const FROM_C: i32 = 1
const FROM_BIAS: i32 = 2

/** B (k, n) by strides to panels, in blocks of DEPTH steps: out holds k * (n rounded up to 8) floats. */
export function packMatrix(b: usize, stride: usize, columnStride: usize, n: i32, k: i32, out: usize): void {
  const panels = (n + COLUMNS - 1) / COLUMNS
  for (let panel = 0; panel < panels; panel++) packOnePanel(b, stride, columnStride, n, k, panel, out)
}

/** Panel number `panel` of `packMatrix`, at its place in `out`. */
export function packOnePanel(b: usize, stride: usize, columnStride: usize, n: i32, k: i32, panel: i32, out: usize): void {
  const rounded = <usize>((n + COLUMNS - 1) / COLUMNS) * COLUMNS
  const column = <usize>(panel * COLUMNS)
  for (let step = 0; step < k; step += DEPTH) {
    const depth = min(DEPTH, k - step)
    const from = b + ((<usize>step * stride + column * columnStride) << 2)
    const to = out + ((<usize>step * rounded + column * <usize>depth) << 2)
    packPanel(from, columnStride, stride, min(COLUMNS, n - panel * COLUMNS), depth, to)
  }
}

/**
 * C[0..m, from..to] = A B (+ bias), m at most HEIGHT, `from` a multiple of 8; A by strides, B packed with n columns in
 * all. `c` points at the first row of C, column 0; `bias` may be 0.
 */
export function multiplyPacked(
  m: i32, k: i32, a: usize, rowStride: usize, stride: usize,
  packed: usize, n: i32, from: i32, to: i32, c: usize, cStride: usize, bias: usize, scratch: usize,
): void {
  const rounded = <usize>((n + COLUMNS - 1) / COLUMNS) * COLUMNS
  const edge = scratch + 4 * <usize>DEPTH * HEIGHT
  for (let step = 0; step < k; step += DEPTH) {
    const depth = min(DEPTH, k - step)
    const begin = step > 0 ? FROM_C : bias ? FROM_BIAS : FROM_ZERO
    for (let row = 0; row < m; row += ROWS) {
      const source = a + ((<usize>row * rowStride + <usize>step * stride) << 2)
      packRows(source, rowStride, stride, min(ROWS, m - row), depth, scratch + ((<usize>row * depth) << 2))
    }
    for (let column = from; column < to; column += COLUMNS) {
      const panel = packed + ((<usize>step * rounded + <usize>column * depth) << 2)
      const columns = min(COLUMNS, to - column)
      const columnBias = bias + (<usize>column << 2)
      for (let row = 0; row < m; row += ROWS) {
        const rows = min(ROWS, m - row)
        const block = scratch + ((<usize>row * depth) << 2)
        const target = c + ((<usize>row * cStride + <usize>column) << 2)
        if (rows == ROWS && columns == COLUMNS) {
          microKernel(depth, block, panel, target, cStride << 2, begin, columnBias)
        } else {
          if (begin == FROM_C) copyTile(target, cStride << 2, edge, 32, rows, columns)
          else if (begin == FROM_BIAS) copyTile(columnBias, 0, edge, 32, rows, columns)
          microKernel(depth, block, panel, edge, 32, begin == FROM_ZERO ? FROM_ZERO : FROM_C, 0)
          copyTile(edge, 32, target, cStride << 2, rows, columns)
        }
      }
    }
  }
}

/** C = A B, whole and on one thread: for the small products inside attention. Scratch: SCRATCH bytes, then B packed. */
export function multiply(
  m: i32, n: i32, k: i32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize, bColumn: usize,
  c: usize, cStride: usize, scratch: usize,
): void {
  const packed = scratch + SCRATCH
  packMatrix(b, bStep, bColumn, n, k, packed)
  for (let row = 0; row < m; row += HEIGHT) {
    const rows = min(HEIGHT, m - row)
    const from = a + ((<usize>row * aRow) << 2)
    multiplyPacked(rows, k, from, aRow, aStep, packed, n, 0, n, c + ((<usize>row * cStride) << 2), cStride, 0, scratch)
  }
}

function copyTile(from: usize, fromStride: usize, to: usize, toStride: usize, rows: i32, columns: i32): void {
  for (let i = 0; i < rows; i++) {
    for (let j: usize = 0; j < <usize>columns << 2; j += 4) store<f32>(to + j, load<f32>(from + j))
    from += fromStride
    to += toStride
  }
}

function microKernel(depth: i32, a: usize, b: usize, c: usize, row: usize, begin: i32, bias: usize): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c10 = f32x4.splat(0), c11 = f32x4.splat(0)
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c30 = f32x4.splat(0), c31 = f32x4.splat(0)
  let c40 = f32x4.splat(0), c41 = f32x4.splat(0), c50 = f32x4.splat(0), c51 = f32x4.splat(0)
  const r1 = c + row
  const r2 = r1 + row
  const r3 = r2 + row
  const r4 = r3 + row
  const r5 = r4 + row
  if (begin == FROM_C) {
    c00 = v128.load(c); c01 = v128.load(c, 16)
    c10 = v128.load(r1); c11 = v128.load(r1, 16)
    c20 = v128.load(r2); c21 = v128.load(r2, 16)
    c30 = v128.load(r3); c31 = v128.load(r3, 16)
    c40 = v128.load(r4); c41 = v128.load(r4, 16)
    c50 = v128.load(r5); c51 = v128.load(r5, 16)
  } else if (begin == FROM_BIAS) {
    c00 = c10 = c20 = c30 = c40 = c50 = v128.load(bias)
    c01 = c11 = c21 = c31 = c41 = c51 = v128.load(bias, 16)
  }
  const end = b + (<usize>depth << 5)
  while (b < end) {
    const b0 = v128.load(b)
    const b1 = v128.load(b, 16)
    let x = v128.load32_splat(a)
    c00 = fma(x, b0, c00); c01 = fma(x, b1, c01)
    x = v128.load32_splat(a, 4)
    c10 = fma(x, b0, c10); c11 = fma(x, b1, c11)
    x = v128.load32_splat(a, 8)
    c20 = fma(x, b0, c20); c21 = fma(x, b1, c21)
    x = v128.load32_splat(a, 12)
    c30 = fma(x, b0, c30); c31 = fma(x, b1, c31)
    x = v128.load32_splat(a, 16)
    c40 = fma(x, b0, c40); c41 = fma(x, b1, c41)
    x = v128.load32_splat(a, 20)
    c50 = fma(x, b0, c50); c51 = fma(x, b1, c51)
    a += 24
    b += 32
  }
  v128.store(c, c00); v128.store(c, c01, 16)
  v128.store(r1, c10); v128.store(r1, c11, 16)
  v128.store(r2, c20); v128.store(r2, c21, 16)
  v128.store(r3, c30); v128.store(r3, c31, 16)
  v128.store(r4, c40); v128.store(r4, c41, 16)
  v128.store(r5, c50); v128.store(r5, c51, 16)
}
