// Sums over rows, (rows, columns) to (columns), in two steps that fix the order of addition: a fixed number of chunks
// of rows each leave their own sums, and the chunks are then added up in order, a range of columns a tile.
import { int, pointer } from './lanes'

/** Columns that one tile of `combineChunks` adds up. */
const COLUMNS: i32 = 256

/** Arguments: x, partial sums (chunks, columns), rows, columns, rows a chunk. */
export function columnSums(job: usize, tile: i32, _thread: i32): void {
  const columns = <usize>int(job, 3) * 4
  const perChunk = int(job, 4)
  const first = tile * perChunk
  const count = min(perChunk, int(job, 2) - first)
  const x = pointer(job, 0) + <usize>first * columns
  const out = pointer(job, 1) + <usize>tile * columns
  let c: usize = 0
  for (; c + 64 <= columns; c += 64) {
    let sum0 = f32x4.splat(0)
    let sum1 = f32x4.splat(0)
    let sum2 = f32x4.splat(0)
    let sum3 = f32x4.splat(0)
    let row = x + c
    for (let i = 0; i < count; i++) {
      sum0 = f32x4.add(sum0, v128.load(row))
      sum1 = f32x4.add(sum1, v128.load(row, 16))
      sum2 = f32x4.add(sum2, v128.load(row, 32))
      sum3 = f32x4.add(sum3, v128.load(row, 48))
      row += columns
    }
    v128.store(out + c, sum0)
    v128.store(out + c, sum1, 16)
    v128.store(out + c, sum2, 32)
    v128.store(out + c, sum3, 48)
  }
  for (; c < columns; c += 4) {
    let sum: f32 = 0
    for (let i = 0; i < count; i++) sum += load<f32>(x + c + <usize>i * columns)
    store<f32>(out + c, sum)
  }
}

/** Arguments: partial sums, out, chunks, columns, floats from one chunk to the next. */
export function combineChunks(job: usize, tile: i32, _thread: i32): void {
  const offset = <usize>tile * COLUMNS * 4
  const partial = pointer(job, 0) + offset
  const out = pointer(job, 1) + offset
  const chunks = int(job, 2)
  const bytes = <usize>min(COLUMNS, int(job, 3) - tile * COLUMNS) * 4
  const step = <usize>int(job, 4) * 4
  for (let c: usize = 0; c < bytes; c += 4) {
    let sum: f64 = 0
    for (let k = 0; k < chunks; k++) sum += <f64>load<f32>(partial + c + <usize>k * step)
    store<f32>(out + c, <f32>sum)
  }
}
