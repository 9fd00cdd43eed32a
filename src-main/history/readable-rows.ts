// Rows of a file whose structure is broken. Indexes are left aside and rows are asked for by their number, so that a
// page which cannot be read costs the rows on it and no others.
import type { Database } from 'better-sqlite3'

type Row = Record<string, unknown>

const atATime = 64
const mostInVain = 128 * 1024 // numbers, where the last row cannot be told

/** Rows of a table that can be read and meet a condition, in order of their numbers. */
export function* readableRows(db: Database, table: string, condition: string): Generator<Row> {
  const range = db.prepare(
    `SELECT * FROM ${table} NOT INDEXED WHERE rowid BETWEEN ? AND ? AND ${condition} ORDER BY rowid`,
  )
  const read = (from: number, to: number): Row[] | null => {
    try {
      return range.all(from, to) as Row[]
    } catch {
      return null // a page of them is damaged
    }
  }
  const last = lastRow(db, table)
  for (let from = 1, inVain = 0; from <= (last ?? Number.POSITIVE_INFINITY) && inVain < mostInVain; from += atATime) {
    const numbers = Array.from({ length: atATime }, (_, i) => from + i)
    const found = read(from, from + atATime - 1) ?? numbers.flatMap((number) => read(number, number) ?? [])
    yield* found
    inVain = found.length || last !== null ? 0 : inVain + atATime
  }
}

/** null where it is on a damaged page. */
function lastRow(db: Database, table: string): number | null {
  try {
    const { last } = db.prepare(`SELECT coalesce(max(rowid), 0) AS last FROM ${table} NOT INDEXED`).get() as {
      last: number
    }
    return last
  } catch {
    return null
  }
}
