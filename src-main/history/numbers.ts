// Tables of numbers as bytes: per table two uint32 (rows, columns), then rows x columns float64, all little-endian.
// A float64 goes out and comes back with the same bits, minus zero and all, which neither JSON nor a REAL column
// promises.
import type { CoefficientTable } from '../contract/run/run.ts'

const head = 8 // bytes
const mostEmpty = 100_000 // rows of no columns

/** tables: (rows, columns) each, one after the other. */
export function tablesToBytes(tables: CoefficientTable[]): Uint8Array {
  const sizes = tables.map((table) => ({ rows: table.length, columns: table[0]?.length ?? 0 }))
  const bytes = new Uint8Array(sizes.reduce((sum, s) => sum + head + 8 * s.rows * s.columns, 0))
  const view = new DataView(bytes.buffer)
  let at = 0
  tables.forEach((table, i) => {
    const { rows, columns } = sizes[i] ?? { rows: 0, columns: 0 }
    view.setUint32(at, rows, true)
    view.setUint32(at + 4, columns, true)
    at += head
    for (const line of table) {
      if (line.length !== columns) throw new RangeError(`a table of ${columns} columns has a row of ${line.length}`)
      for (const value of line) {
        view.setFloat64(at, value, true)
        at += 8
      }
    }
  })
  return bytes
}

/** Throws RangeError where the bytes hold less than their heads claim. */
export function tablesFromBytes(bytes: Uint8Array): CoefficientTable[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const tables: CoefficientTable[] = []
  for (let at = 0; at < bytes.byteLength; ) {
    const rows = view.getUint32(at, true)
    const columns = view.getUint32(at + 4, true)
    const start = at + head
    if (start + 8 * rows * columns > bytes.byteLength || (columns === 0 && rows > mostEmpty))
      throw new RangeError(`${bytes.byteLength} bytes cannot hold ${rows} x ${columns} numbers`)
    tables.push(
      Array.from({ length: rows }, (_, r) =>
        Array.from({ length: columns }, (_, c) => view.getFloat64(start + 8 * (r * columns + c), true)),
      ),
    )
    at = start + 8 * rows * columns
  }
  return tables
}

export const tableToBytes = (table: CoefficientTable): Uint8Array => tablesToBytes([table])
export const tableFromBytes = (bytes: Uint8Array): CoefficientTable => tablesFromBytes(bytes)[0] ?? []
export const listToBytes = (list: number[]): Uint8Array => tablesToBytes([[list]])
export const listFromBytes = (bytes: Uint8Array): number[] => tablesFromBytes(bytes)[0]?.[0] ?? []
export const listsToBytes = (lists: number[][]): Uint8Array => tablesToBytes(lists.map((list) => [list]))
export const listsFromBytes = (bytes: Uint8Array): number[][] => tablesFromBytes(bytes).map(([list = []]) => list)
