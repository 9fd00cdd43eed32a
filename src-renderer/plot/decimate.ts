// Thousands of points on a few hundred pixels: of each pixel column the first, lowest, highest and last point stay, so
// no peak is ever lost, and a break in the line (NaN, infinity) stays a break. Order in x is taken as given
// (ascending).
export interface Point {
  x: number
  y: number
}

/**
 * The points worth drawing on `pixels` columns; at most 4 a column and one per break. Short lines come back as they
 * are.
 */
export function decimate(points: readonly Point[], pixels: number): readonly Point[] {
  const columns = Math.max(1, Math.floor(pixels))
  if (points.length <= columns * 4) return points
  const from = points[0]?.x ?? 0
  const width = ((points.at(-1)?.x ?? 0) - from) / columns || 1
  const breaks = nextBreaks(points)
  const kept: Point[] = []
  let last = -1
  const keep = (index: number) => {
    if (index <= last) return
    const gap = breaks[last + 1] ?? points.length
    const broken = points[gap]
    if (gap < index && broken) kept.push({ x: broken.x, y: Number.NaN })
    const point = points[index]
    if (point) kept.push(point)
    last = index
  }
  let first = 0
  while (first < points.length) {
    const column = columnOf(points[first], from, width, columns)
    let end = first
    while (end + 1 < points.length && columnOf(points[end + 1], from, width, columns) === column) end++
    for (const index of extremes(points, first, end)) keep(index)
    first = end + 1
  }
  const tail = breaks[last + 1] ?? points.length
  const broken = points[tail]
  if (broken) kept.push({ x: broken.x, y: Number.NaN })
  return kept
}

function columnOf(point: Point | undefined, from: number, width: number, columns: number): number {
  return Math.min(columns - 1, Math.floor(((point?.x ?? from) - from) / width))
}

/** Places of the first, lowest, highest and last finite point in [first, end], ascending. */
function extremes(points: readonly Point[], first: number, end: number): number[] {
  const found = { first: -1, low: -1, high: -1, last: -1 }
  for (let i = first; i <= end; i++) {
    const y = points[i]?.y ?? Number.NaN
    if (!Number.isFinite(y)) continue
    if (found.first < 0) found.first = i
    if (found.low < 0 || y < (points[found.low]?.y ?? y)) found.low = i
    if (found.high < 0 || y > (points[found.high]?.y ?? y)) found.high = i
    found.last = i
  }
  return Object.values(found)
    .filter((i) => i >= 0)
    .sort((a, b) => a - b)
}

/**
 * For each place, the place of the next point that is not a number (its own if it is one); the length where none
 * follows.
 */
function nextBreaks(points: readonly Point[]): Int32Array {
  const next = new Int32Array(points.length + 1).fill(points.length)
  for (let i = points.length - 1; i >= 0; i--)
    next[i] = Number.isFinite(points[i]?.y) ? (next[i + 1] ?? points.length) : i
  return next
}
