// C (m, n) = op(A) op(B) (+ bias) in two jobs: the panels of B are packed once for all threads, then C is cut into
// tiles of HEIGHT rows by a given number of columns. op is in the strides: a transposed matrix has its two strides
// exchanged.
import { int, pointer } from './lanes'
import { HEIGHT, multiplyPacked, packOnePanel } from './multiply'
import { COLUMNS } from './pack'

/** Arguments: b, stride along k, stride along n, n, k, packed, panels a tile. */
export function packColumns(job: usize, tile: i32, _thread: i32): void {
  const n = int(job, 3)
  const perTile = int(job, 6)
  const last = min((n + COLUMNS - 1) / COLUMNS, (tile + 1) * perTile)
  for (let panel = tile * perTile; panel < last; panel++) {
    packOnePanel(pointer(job, 0), pointer(job, 1), pointer(job, 2), n, int(job, 4), panel, pointer(job, 5))
  }
}

/**
 * Arguments: m, n, k, a, row stride, stride along k, packed b, c, bias or 0, columns a tile, scratch, bytes a thread.
 */
export function gemm(job: usize, tile: i32, thread: i32): void {
  const m = int(job, 0)
  const n = int(job, 1)
  const bands = (m + HEIGHT - 1) / HEIGHT
  const row = (tile % bands) * HEIGHT
  const from = (tile / bands) * int(job, 9)
  const rowStride = pointer(job, 4)
  multiplyPacked(
    min(HEIGHT, m - row), int(job, 2), pointer(job, 3) + ((<usize>row * rowStride) << 2), rowStride, pointer(job, 5),
    pointer(job, 6), n, from, min(n, from + int(job, 9)), pointer(job, 7) + ((<usize>row * n) << 2), n, pointer(job, 8),
    pointer(job, 10) + <usize>thread * pointer(job, 11),
  )
}
