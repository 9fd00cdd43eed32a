// Which rows of a long table are in sight, so that only they are in the page. All rows are of one height but one, which
// may be open and then has `extra` pixels of detail under it:  top of row i = i h + (i > open ? extra : 0).
export interface TableWindow {
  first: number
  last: number // first - 1 where there are no rows
  before: number // pixels that stand for the rows above
  after: number // and below
}

export interface TableShape {
  total: number
  rowHeight: number
  open: number | null // the row with detail under it
  extra: number // that detail's height
}

/** The rows to draw for a box of `height` scrolled to `top`, with `spare` more on both sides. */
export function rowsInSight(shape: TableShape, top: number, height: number, spare: number): TableWindow {
  const { total } = shape
  if (total === 0) return { first: 0, last: -1, before: 0, after: 0 }
  const first = Math.min(total - 1, Math.max(0, rowAt(shape, top) - spare))
  const last = Math.min(total - 1, rowAt(shape, top + height) + spare)
  return { first, last, before: topOf(shape, first), after: topOf(shape, total) - topOf(shape, last + 1) }
}

/** Pixels above a row. */
export function topOf({ rowHeight, open, extra }: TableShape, row: number): number {
  return row * rowHeight + (open !== null && row > open ? extra : 0)
}

function rowAt({ rowHeight, open, extra }: TableShape, y: number): number {
  if (open === null || y < (open + 1) * rowHeight) return Math.floor(y / rowHeight)
  return Math.max(open, Math.floor((y - extra) / rowHeight))
}
