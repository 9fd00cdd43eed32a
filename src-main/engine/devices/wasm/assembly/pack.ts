// Copies a strided matrix into the panels that the micro-kernel of multiply.ts reads in order: six rows of A as (k, 6),
// or eight columns of B as (k, 8), zero beyond the edge. One of the two strides is 1: along the panel a row is copied
// as it lies, across it four steps are transposed in registers. Strides count floats.

/** Rows of A and columns of B in a panel: 6 x 8 fills twelve of the sixteen vector registers with sums. */
export const ROWS: i32 = 6
export const COLUMNS: i32 = 8

/** Six rows from `a`, `k` long, to (k, 6); rows beyond `rows` are zero. */
export function packRows(a: usize, rowStride: usize, stride: usize, rows: i32, k: i32, out: usize): void {
  if (rows < ROWS) return packEdge(a, rowStride, stride, rows, ROWS, k, out)
  const row = rowStride << 2
  const step = stride << 2
  if (rowStride == 1) {
    for (let i = 0; i < k; i++) {
      v128.store(out, v128.load(a))
      store<u64>(out, load<u64>(a, 16), 16)
      a += step
      out += 24
    }
    return
  }
  let i = 0
  if (stride == 1) {
    for (; i + 4 <= k; i += 4) {
      const r0 = v128.load(a)
      const r1 = v128.load(a + row)
      const r2 = v128.load(a + 2 * row)
      const r3 = v128.load(a + 3 * row)
      const r4 = v128.load(a + 4 * row)
      const r5 = v128.load(a + 5 * row)
      const low01 = i32x4.shuffle(r0, r1, 0, 4, 1, 5)
      const high01 = i32x4.shuffle(r0, r1, 2, 6, 3, 7)
      const low23 = i32x4.shuffle(r2, r3, 0, 4, 1, 5)
      const high23 = i32x4.shuffle(r2, r3, 2, 6, 3, 7)
      const low45 = i32x4.shuffle(r4, r5, 0, 4, 1, 5)
      const high45 = i32x4.shuffle(r4, r5, 2, 6, 3, 7)
      v128.store(out, i64x2.shuffle(low01, low23, 0, 2))
      v128.store64_lane(out, low45, 0, 16)
      v128.store(out, i64x2.shuffle(low01, low23, 1, 3), 24)
      v128.store64_lane(out, low45, 1, 40)
      v128.store(out, i64x2.shuffle(high01, high23, 0, 2), 48)
      v128.store64_lane(out, high45, 0, 64)
      v128.store(out, i64x2.shuffle(high01, high23, 1, 3), 72)
      v128.store64_lane(out, high45, 1, 88)
      a += 16
      out += 96
    }
  }
  packEdge(a, rowStride, stride, rows, ROWS, k - i, out)
}

/** Eight columns from `b`, `k` long, to (k, 8); columns beyond `columns` are zero. */
export function packPanel(b: usize, columnStride: usize, stride: usize, columns: i32, k: i32, out: usize): void {
  if (columns < COLUMNS) return packEdge(b, columnStride, stride, columns, COLUMNS, k, out)
  const step = stride << 2
  if (columnStride == 1) {
    for (let i = 0; i < k; i++) {
      v128.store(out, v128.load(b))
      v128.store(out, v128.load(b, 16), 16)
      b += step
      out += 32
    }
    return
  }
  let i = 0
  if (stride == 1) {
    for (; i + 4 <= k; i += 4) {
      transposeFour(b, columnStride << 2, out)
      transposeFour(b + (columnStride << 4), columnStride << 2, out + 16)
      b += 16
      out += 128
    }
  }
  packEdge(b, columnStride, stride, columns, COLUMNS, k - i, out)
}

/** Four columns of four steps each to four rows, 32 bytes apart. */
// @ts-ignore: decorator
@inline
function transposeFour(from: usize, column: usize, out: usize): void {
  const c0 = v128.load(from)
  const c1 = v128.load(from + column)
  const c2 = v128.load(from + 2 * column)
  const c3 = v128.load(from + 3 * column)
  const low01 = i32x4.shuffle(c0, c1, 0, 4, 1, 5)
  const high01 = i32x4.shuffle(c0, c1, 2, 6, 3, 7)
  const low23 = i32x4.shuffle(c2, c3, 0, 4, 1, 5)
  const high23 = i32x4.shuffle(c2, c3, 2, 6, 3, 7)
  v128.store(out, i64x2.shuffle(low01, low23, 0, 2))
  v128.store(out, i64x2.shuffle(low01, low23, 1, 3), 32)
  v128.store(out, i64x2.shuffle(high01, high23, 0, 2), 64)
  v128.store(out, i64x2.shuffle(high01, high23, 1, 3), 96)
}

/** One float at a time: panels at the edge, and the last one to three steps of the others. */
function packEdge(from: usize, across: usize, along: usize, count: i32, panel: i32, k: i32, out: usize): void {
  for (let i = 0; i < k; i++) {
    let j = 0
    for (; j < count; j++) store<f32>(out + (<usize>j << 2), load<f32>(from + ((<usize>j * across) << 2)))
    for (; j < panel; j++) store<f32>(out + (<usize>j << 2), 0)
    from += along << 2
    out += <usize>panel << 2
  }
}
