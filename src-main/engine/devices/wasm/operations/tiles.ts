// How work is cut into tiles: by shapes alone, never by the number of threads, so that sums have one order. Shapes are
// checked before a kernel runs, as it would read whatever lies beyond.

// As in assembly/lanes.ts, columns.ts, pack.ts, multiply.ts and rows.ts.
export const TILE = 16384
export const SUM_COLUMNS = 256
export const PANEL = 8
export const HEIGHT = 48
export const ROWS = 64
const MULTIPLY_SCRATCH = 4 * 256 * 48 + 192

/** Work below this many multiplications or elements is done before another thread is awake. */
export const SMALL_PRODUCT = 200_000
export const SMALL_ARRAY = 32_768

export function same(what: string, one: number, other: number): void {
  if (one !== other) throw new RangeError(`${what} differ: ${one} and ${other}`)
}

/** How many tangents of `one` size lie in `all`. */
export function stacked(all: number, one: number): number {
  if (all % one !== 0) throw new RangeError(`${all} elements are not a stack of tangents of ${one}`)
  return all / one
}

export function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step
}

/** Bytes of scratch a thread, a multiple of a cache line. */
export function threadScratch(extra: number): number {
  return roundUp(MULTIPLY_SCRATCH + extra, 64)
}

/** At most 32 chunks of rows, each at least 8 rows: the order of every sum over rows. */
export function chunksOf(rows: number): { chunks: number; perChunk: number } {
  const perChunk = Math.max(8, Math.ceil(rows / 32))
  return { chunks: Math.ceil(rows / perChunk), perChunk }
}
