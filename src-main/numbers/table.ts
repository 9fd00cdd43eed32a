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

/**
 * |x|, scaled by the largest and summed with Kahan's compensation, to the bits of V8's Math.hypot, which has no room
 * for 10^5 arguments.
 */
export function norm(x: Float64Array): number {
  const largest = x.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
  if (largest === 0) return 0
  let [sum, lost] = [0, 0]
  for (const v of x) {
    const share = Math.abs(v) / largest
    const addend = share * share - lost
    const next = sum + addend
    lost = next - sum - addend
    sum = next
  }
  return Math.sqrt(sum) * largest
}
