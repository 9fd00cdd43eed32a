// Rows moved about, ROWS of them a tile: picked by number, and a class token put before each image's patches.
import { int, pointer } from './lanes'

/** As operations/tiles.ts counts them. */
const ROWS: i32 = 64

/** Row r of out is row from[r] of x, zeros where that is -1. Arguments: x, out, from (int32), rows of out, width. */
export function pickRows(job: usize, tile: i32, _thread: i32): void {
  const bytes = <usize>int(job, 4) * 4
  const last = min(int(job, 3), (tile + 1) * ROWS)
  for (let row = tile * ROWS; row < last; row++) {
    const out = pointer(job, 1) + <usize>row * bytes
    const from = load<i32>(pointer(job, 2) + (<usize>row << 2))
    if (from < 0) memory.fill(out, 0, bytes)
    else memory.copy(out, pointer(job, 0) + <usize>from * bytes, bytes)
  }
}

/**
 * [class; patches] + positions. Arguments: patches (images * (tokens - 1), width), class token (width), positions
 * (tokens, width), out (rows, width), rows, tokens, width.
 */
export function embedding(job: usize, tile: i32, _thread: i32): void {
  const tokens = int(job, 5)
  const bytes = <usize>int(job, 6) * 4
  const last = min(int(job, 4), (tile + 1) * ROWS)
  for (let row = tile * ROWS; row < last; row++) {
    const token = row % tokens
    const patch = <usize>((row / tokens) * (tokens - 1) + token - 1)
    const x = token === 0 ? pointer(job, 1) : pointer(job, 0) + patch * bytes
    const position = pointer(job, 2) + <usize>token * bytes
    const out = pointer(job, 3) + <usize>row * bytes
    let i: usize = 0
    for (; i + 16 <= bytes; i += 16) v128.store(out + i, f32x4.add(v128.load(x + i), v128.load(position + i)))
    for (; i < bytes; i += 4) store<f32>(out + i, load<f32>(x + i) + load<f32>(position + i))
  }
}
