// A table of coefficients, (vectors x groups), as float64 rows. Small: 8 x 152 numbers for eight ViT-B/32 task vectors.
export type Table = Float64Array[]

export function filled(rows: number, columns: number, value: number): Table {
  return Array.from({ length: rows }, () => new Float64Array(columns).fill(value))
}

export function copyOf(table: Table): Table {
  return table.map((row) => row.slice())
}

export function toNumbers(table: Table): number[][] {
  return table.map((row) => [...row])
}

export function fromNumbers(rows: readonly (readonly number[])[]): Table {
  return rows.map((row) => Float64Array.from(row))
}
