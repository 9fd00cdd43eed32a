// Matrices in float64, for the spectral merges (engine/devices/double): the matrix product on packed panels as in
// multiply.ts, four rows by four columns of C in eight registers, and the three loops that an eigendecomposition of a
// symmetric matrix spends its time in. A product and a sum are rounded apart, in both builds, so that every machine
// gives the same bits; a product then wants a register of its own, and six rows, twelve sums, are one more than V8 has
// (Node 24.21: 13 instead of 21 G multiplications a second on two threads). Strides count doubles.
import { int, pointer } from './lanes'

const ROWS: i32 = 4
const COLUMNS: i32 = 4
const DEPTH: i32 = 256
const HEIGHT: i32 = 96
/** Columns that a tile of `reflect` and of `rotate` holds: eight registers of two. */
const TILE_COLUMNS: i32 = 16

// @ts-ignore: decorator
@inline
function madd(a: v128, b: v128, c: v128): v128 {
  return f64x2.add(f64x2.mul(a, b), c)
}

/** `count` lines from `from` on to (k, panel), zero beyond the edge; `sign` 1 or -1. */
function pack(from: usize, across: usize, along: usize, count: i32, panel: i32, k: i32, sign: f64, out: usize): void {
  for (let i = 0; i < k; i++) {
    let j = 0
    for (; j < count; j++) store<f64>(out + (<usize>j << 3), sign * load<f64>(from + ((<usize>j * across) << 3)))
    for (; j < panel; j++) store<f64>(out + (<usize>j << 3), 0)
    from += along << 3
    out += <usize>panel << 3
  }
}

/** Arguments: b, stride along k, stride along n, n, k, packed. A tile is a panel of four columns. */
export function packDoubles(job: usize, tile: i32, _thread: i32): void {
  const n = int(job, 3)
  const k = int(job, 4)
  const along = pointer(job, 1)
  const across = pointer(job, 2)
  const rounded = <usize>((n + COLUMNS - 1) / COLUMNS) * COLUMNS
  const column = <usize>(tile * COLUMNS)
  for (let step = 0; step < k; step += DEPTH) {
    const depth = min(DEPTH, k - step)
    const from = pointer(job, 0) + ((<usize>step * along + column * across) << 3)
    const to = pointer(job, 5) + ((<usize>step * rounded + column * <usize>depth) << 3)
    pack(from, across, along, min(COLUMNS, n - tile * COLUMNS), COLUMNS, depth, 1, to)
  }
}

/**
 * C = A B, C + A B or C - A B by mode 0, 1, 2; 3 and 4 are 0 and 1 of what is above C's diagonal alone, and of blocks
 * on it. Arguments: m, n, k, a, row stride, stride along k, packed b, c, stride of c, columns a tile, mode, scratch, bytes a thread.
 */
export function gemmDoubles(job: usize, tile: i32, thread: i32): void {
  const m = int(job, 0)
  const n = int(job, 1)
  const k = int(job, 2)
  const bands = (m + HEIGHT - 1) / HEIGHT
  const row0 = (tile % bands) * HEIGHT
  const mode = int(job, 10)
  const left = (tile / bands) * int(job, 9)
  const from = mode >= 3 ? max(left, (row0 / COLUMNS) * COLUMNS) : left
  const to = min(n, left + int(job, 9))
  if (to <= from) return
  const rowStride = pointer(job, 4)
  const stride = pointer(job, 5)
  const cStride = pointer(job, 8)
  const a = pointer(job, 3) + ((<usize>row0 * rowStride) << 3)
  const c = pointer(job, 7) + ((<usize>row0 * cStride) << 3)
  const rowsHere = min(HEIGHT, m - row0)
  const scratch = pointer(job, 11) + <usize>thread * pointer(job, 12)
  const edge = scratch + 8 * <usize>DEPTH * HEIGHT
  const rounded = <usize>((n + COLUMNS - 1) / COLUMNS) * COLUMNS
  for (let step = 0; step < k; step += DEPTH) {
    const depth = min(DEPTH, k - step)
    const isFirst = step == 0 && mode % 3 == 0
    for (let row = 0; row < rowsHere; row += ROWS) {
      const source = a + ((<usize>row * rowStride + <usize>step * stride) << 3)
      const block = scratch + ((<usize>row * depth) << 3)
      pack(source, rowStride, stride, min(ROWS, rowsHere - row), ROWS, depth, mode == 2 ? -1 : 1, block)
    }
    for (let column = from; column < to; column += COLUMNS) {
      const panel = pointer(job, 6) + ((<usize>step * rounded + <usize>column * depth) << 3)
      const columns = min(COLUMNS, to - column)
      for (let row = 0; row < rowsHere; row += ROWS) {
        const rows = min(ROWS, rowsHere - row)
        const block = scratch + ((<usize>row * depth) << 3)
        const target = c + ((<usize>row * cStride + <usize>column) << 3)
        if (rows == ROWS && columns == COLUMNS) {
          micro(depth, block, panel, target, cStride << 3, isFirst)
        } else {
          if (!isFirst) copyTile(target, cStride << 3, edge, 32, rows, columns)
          micro(depth, block, panel, edge, 32, isFirst)
          copyTile(edge, 32, target, cStride << 3, rows, columns)
        }
      }
    }
  }
}

function copyTile(from: usize, fromStride: usize, to: usize, toStride: usize, rows: i32, columns: i32): void {
  for (let i = 0; i < rows; i++) {
    for (let j: usize = 0; j < <usize>columns << 3; j += 8) store<f64>(to + j, load<f64>(from + j))
    from += fromStride
    to += toStride
  }
}

function micro(depth: i32, a: usize, b: usize, c: usize, row: usize, isFirst: bool): void {
  let c00 = f64x2.splat(0), c01 = f64x2.splat(0), c10 = f64x2.splat(0), c11 = f64x2.splat(0)
  let c20 = f64x2.splat(0), c21 = f64x2.splat(0), c30 = f64x2.splat(0), c31 = f64x2.splat(0)
  const r1 = c + row
  const r2 = r1 + row
  const r3 = r2 + row
  if (!isFirst) {
    c00 = v128.load(c); c01 = v128.load(c, 16)
    c10 = v128.load(r1); c11 = v128.load(r1, 16)
    c20 = v128.load(r2); c21 = v128.load(r2, 16)
    c30 = v128.load(r3); c31 = v128.load(r3, 16)
  }
  const end = b + (<usize>depth << 5)
  while (b < end) {
    const b0 = v128.load(b)
    const b1 = v128.load(b, 16)
    let x = v128.load64_splat(a)
    c00 = madd(x, b0, c00); c01 = madd(x, b1, c01)
    x = v128.load64_splat(a, 8)
    c10 = madd(x, b0, c10); c11 = madd(x, b1, c11)
    x = v128.load64_splat(a, 16)
    c20 = madd(x, b0, c20); c21 = madd(x, b1, c21)
    x = v128.load64_splat(a, 24)
    c30 = madd(x, b0, c30); c31 = madd(x, b1, c31)
    a += 32
    b += 32
  }
  v128.store(c, c00); v128.store(c, c01, 16)
  v128.store(r1, c10); v128.store(r1, c11, 16)
  v128.store(r2, c20); v128.store(r2, c21, 16)
  v128.store(r3, c30); v128.store(r3, c31, 16)
}

/**
 * x_j <- (x_j - sum_i b_ji x_i) / b_jj in every row x, for j from 0 up over the i before it, or for j from the last down
 * over the i behind it. A tile is eight rows. Arguments: x, row stride, rows, b (width, width), width, 1 downwards,
 * scratch (width, 8), bytes a thread.
 */
export function substituteRows(job: usize, tile: i32, thread: i32): void {
  const rows = min(8, int(job, 2) - tile * 8)
  const stride = pointer(job, 1) << 3
  const own = pointer(job, 0) + <usize>(tile * 8) * stride
  const b = pointer(job, 3)
  const width = int(job, 4)
  const isDown = int(job, 5) == 1
  const x = pointer(job, 6) + <usize>thread * pointer(job, 7)
  for (let j = 0; j < width; j++)
    for (let r = 0; r < 8; r++)
      store<f64>(x + (<usize>j << 6) + (<usize>r << 3), r < rows ? load<f64>(own + <usize>r * stride + (<usize>j << 3)) : 0)
  for (let step = 0; step < width; step++) {
    const j = isDown ? width - 1 - step : step
    const line = b + (<usize>(j * width) << 3)
    const at = x + (<usize>j << 6)
    let s0 = v128.load(at), s1 = v128.load(at, 16), s2 = v128.load(at, 32), s3 = v128.load(at, 48)
    const last = isDown ? width : j
    for (let i = isDown ? j + 1 : 0; i < last; i++) {
      const by = v128.load64_splat(line + (<usize>i << 3))
      const xi = x + (<usize>i << 6)
      s0 = f64x2.sub(s0, f64x2.mul(by, v128.load(xi)))
      s1 = f64x2.sub(s1, f64x2.mul(by, v128.load(xi, 16)))
      s2 = f64x2.sub(s2, f64x2.mul(by, v128.load(xi, 32)))
      s3 = f64x2.sub(s3, f64x2.mul(by, v128.load(xi, 48)))
    }
    const pivot = v128.load64_splat(line + (<usize>j << 3))
    v128.store(at, f64x2.div(s0, pivot)); v128.store(at, f64x2.div(s1, pivot), 16)
    v128.store(at, f64x2.div(s2, pivot), 32); v128.store(at, f64x2.div(s3, pivot), 48)
  }
  for (let r = 0; r < rows; r++)
    for (let j = 0; j < width; j++)
      store<f64>(own + <usize>r * stride + (<usize>j << 3), load<f64>(x + (<usize>j << 6) + (<usize>r << 3)))
}

/**
 * A step of the tridiagonalisation: A <- A - v w' - w v', and y = A u, on rows and columns from `first` on, which is
 * even. Sums run in four lanes. A tile is `rows` rows. Arguments: A, n (even), first, v, w, u, y, rows.
 */
export function updateAndMultiply(job: usize, tile: i32, _thread: i32): void {
  const n = int(job, 1)
  const first = int(job, 2)
  const v = pointer(job, 3)
  const w = pointer(job, 4)
  const u = pointer(job, 5)
  const perTile = int(job, 7)
  const last = min(n, first + (tile + 1) * perTile)
  const end = <usize>n << 3
  for (let i = first + tile * perTile; i < last; i += 2) {
    const here = <usize>i << 3
    const a = pointer(job, 0) + <usize>i * end
    const b = a + end
    const va = v128.load64_splat(v + here), wa = v128.load64_splat(w + here)
    const vb = v128.load64_splat(v + here, 8), wb = v128.load64_splat(w + here, 8)
    let y0 = f64x2.splat(0), y1 = f64x2.splat(0), z0 = f64x2.splat(0), z1 = f64x2.splat(0)
    for (let j = <usize>first << 3; j < end; j += 16) {
      const vj = v128.load(v + j), wj = v128.load(w + j), uj = v128.load(u + j)
      const x = f64x2.sub(f64x2.sub(v128.load(a + j), f64x2.mul(va, wj)), f64x2.mul(wa, vj))
      const z = f64x2.sub(f64x2.sub(v128.load(b + j), f64x2.mul(vb, wj)), f64x2.mul(wb, vj))
      v128.store(a + j, x)
      v128.store(b + j, z)
      // by turns into y0 and y1: four lanes
      const y = madd(x, uj, y0), yb = madd(z, uj, z0)
      y0 = y1; z0 = z1
      y1 = y; z1 = yb
    }
    const y = pointer(job, 6) + here
    const ya = f64x2.add(y0, y1), za = f64x2.add(z0, z1)
    store<f64>(y, f64x2.extract_lane(ya, 0) + f64x2.extract_lane(ya, 1))
    store<f64>(y, f64x2.extract_lane(za, 0) + f64x2.extract_lane(za, 1), 8)
  }
}

/**
 * Q <- H_0 H_1 ... Q, H_k = I - taus_k h_k h_k', h_k in row k of H (n, n) and 0 up to k, n a multiple of 16; Q as it
 * is, or the identity. A tile is sixteen columns of Q. Arguments: H, taus, Q, n, columns of Q, 1 for the identity,
 * scratch, bytes a thread.
 */
export function reflect(job: usize, tile: i32, thread: i32): void {
  const n = int(job, 3)
  const row = <usize>n << 3
  const across = pointer(job, 4) << 3
  const isUnit = int(job, 5) == 1
  const block = pointer(job, 6) + <usize>thread * pointer(job, 7) // (n, 16)
  const column = <usize>(tile * TILE_COLUMNS)
  const own = pointer(job, 2) + (column << 3)
  if (isUnit) {
    for (let i: usize = 0; i < row * 16; i += 16) v128.store(block + i, f64x2.splat(0))
    for (let i: usize = 0; i < 16; i++) store<f64>(block + ((column + i) << 7) + (i << 3), 1)
  } else exchange(own, across, block, 128, n)
  for (let k = isUnit ? min(n - 2, tile * TILE_COLUMNS + TILE_COLUMNS - 2) : n - 2; k >= 0; k--) {
    const tau = load<f64>(pointer(job, 1) + (<usize>k << 3))
    if (tau == 0) continue
    const h = pointer(job, 0) + <usize>k * row
    let s0 = f64x2.splat(0), s1 = f64x2.splat(0), s2 = f64x2.splat(0), s3 = f64x2.splat(0)
    let s4 = f64x2.splat(0), s5 = f64x2.splat(0), s6 = f64x2.splat(0), s7 = f64x2.splat(0)
    for (let i = <usize>(k + 1); i < <usize>n; i++) {
      const x = v128.load64_splat(h + (i << 3))
      const q = block + (i << 7)
      s0 = madd(x, v128.load(q), s0); s1 = madd(x, v128.load(q, 16), s1)
      s2 = madd(x, v128.load(q, 32), s2); s3 = madd(x, v128.load(q, 48), s3)
      s4 = madd(x, v128.load(q, 64), s4); s5 = madd(x, v128.load(q, 80), s5)
      s6 = madd(x, v128.load(q, 96), s6); s7 = madd(x, v128.load(q, 112), s7)
    }
    const t = f64x2.splat(-tau)
    s0 = f64x2.mul(t, s0); s1 = f64x2.mul(t, s1); s2 = f64x2.mul(t, s2); s3 = f64x2.mul(t, s3)
    s4 = f64x2.mul(t, s4); s5 = f64x2.mul(t, s5); s6 = f64x2.mul(t, s6); s7 = f64x2.mul(t, s7)
    for (let i = <usize>(k + 1); i < <usize>n; i++) {
      const x = v128.load64_splat(h + (i << 3))
      const q = block + (i << 7)
      v128.store(q, madd(x, s0, v128.load(q))); v128.store(q, madd(x, s1, v128.load(q, 16)), 16)
      v128.store(q, madd(x, s2, v128.load(q, 32)), 32); v128.store(q, madd(x, s3, v128.load(q, 48)), 48)
      v128.store(q, madd(x, s4, v128.load(q, 64)), 64); v128.store(q, madd(x, s5, v128.load(q, 80)), 80)
      v128.store(q, madd(x, s6, v128.load(q, 96)), 96); v128.store(q, madd(x, s7, v128.load(q, 112)), 112)
    }
  }
  exchange(block, 128, own, across, n)
}

/** Sixteen doubles of each of `rows` rows, from one stride in bytes to another. */
function exchange(from: usize, fromStride: usize, to: usize, toStride: usize, rows: i32): void {
  for (let i = 0; i < rows; i++) {
    memory.copy(to, from, 128)
    from += fromStride
    to += toStride
  }
}

/**
 * Sweeps of plane rotations on the rows of Z (n, n), n a multiple of 16: one of `count` from row `top` downwards turns
 * rows (i, i + 1), i = top .. top - count + 1. A tile is sixteen columns of Z. Arguments: Z, n, sweeps (top, count as
 * integers), how many, rotations (c, s), scratch, bytes a thread.
 */
export function rotate(job: usize, tile: i32, thread: i32): void {
  const n = int(job, 1)
  const row = <usize>n << 3
  const block = pointer(job, 5) + <usize>thread * pointer(job, 6) // (n, 16)
  const own = pointer(job, 0) + (<usize>(tile * TILE_COLUMNS) << 3)
  exchange(own, row, block, 128, n)
  let turn = pointer(job, 4)
  let sweep = pointer(job, 2)
  for (let k = int(job, 3); k > 0; k--) {
    let q = block + (<usize>load<i32>(sweep) << 7)
    let h0 = v128.load(q, 128), h1 = v128.load(q, 144), h2 = v128.load(q, 160), h3 = v128.load(q, 176)
    let h4 = v128.load(q, 192), h5 = v128.load(q, 208), h6 = v128.load(q, 224), h7 = v128.load(q, 240)
    for (let i = load<i32>(sweep, 4); i > 0; i--) {
      const c = v128.load64_splat(turn)
      const s = v128.load64_splat(turn, 8)
      let x = v128.load(q)
      v128.store(q, madd(s, x, f64x2.mul(c, h0)), 128); h0 = f64x2.sub(f64x2.mul(c, x), f64x2.mul(s, h0))
      x = v128.load(q, 16)
      v128.store(q, madd(s, x, f64x2.mul(c, h1)), 144); h1 = f64x2.sub(f64x2.mul(c, x), f64x2.mul(s, h1))
      x = v128.load(q, 32)
      v128.store(q, madd(s, x, f64x2.mul(c, h2)), 160); h2 = f64x2.sub(f64x2.mul(c, x), f64x2.mul(s, h2))
      x = v128.load(q, 48)
      v128.store(q, madd(s, x, f64x2.mul(c, h3)), 176); h3 = f64x2.sub(f64x2.mul(c, x), f64x2.mul(s, h3))
      x = v128.load(q, 64)
      v128.store(q, madd(s, x, f64x2.mul(c, h4)), 192); h4 = f64x2.sub(f64x2.mul(c, x), f64x2.mul(s, h4))
      x = v128.load(q, 80)
      v128.store(q, madd(s, x, f64x2.mul(c, h5)), 208); h5 = f64x2.sub(f64x2.mul(c, x), f64x2.mul(s, h5))
      x = v128.load(q, 96)
      v128.store(q, madd(s, x, f64x2.mul(c, h6)), 224); h6 = f64x2.sub(f64x2.mul(c, x), f64x2.mul(s, h6))
      x = v128.load(q, 112)
      v128.store(q, madd(s, x, f64x2.mul(c, h7)), 240); h7 = f64x2.sub(f64x2.mul(c, x), f64x2.mul(s, h7))
      turn += 16
      q -= 128
    }
    v128.store(q, h0, 128); v128.store(q, h1, 144); v128.store(q, h2, 160); v128.store(q, h3, 176)
    v128.store(q, h4, 192); v128.store(q, h5, 208); v128.store(q, h6, 224); v128.store(q, h7, 240)
    sweep += 8
  }
  exchange(block, 128, own, row, n)
}
