// A table of coefficients, (vectors x groups), as float64 rows. Small: 8 x 152 numbers for eight ViT-B/32 task vectors.
export type Table = Float64Array[]

/** (rows x columns), each the value. */
export function filled(rows: number, columns: number, value: number): Table {
  return Array.from({ length: rows }, () => new Float64Array(columns).fill(value))
}

/** Rows of its own. */
export function copyOf(table: Table): Table {
  return table.map((row) => row.slice())
}

/** As JSON stores it; fromNumbers gives the same bits again. */
export function toNumbers(table: Table): number[][] {
  return table.map((row) => [...row])
}

/** The rows, in float64. */
export function fromNumbers(rows: readonly (readonly number[])[]): Table {
  return rows.map((row) => Float64Array.from(row))
}

/** Of all elements as one vector. */
export function normOf(table: Table): number {
  return Math.sqrt(table.reduce((sum, row) => row.reduce((s, x) => s + x * x, sum), 0))
}
