// Dense linear algebra in float64, written plainly and apart from Basil's: products, an inverse by elimination with
// pivots, and a symmetric matrix's eigenvectors by Jacobi's rotations.
export type Dense = readonly (readonly number[])[]

export const times = (a: Dense, b: Dense): number[][] =>
  a.map((row) => (b[0] ?? []).map((_, j) => row.reduce((sum, v, k) => sum + v * (b[k]?.[j] as number), 0)))
export const transposed = (a: Dense): number[][] => (a[0] ?? []).map((_, j) => a.map((row) => row[j] as number))
export const plus = (a: Dense, b: Dense, by = 1): number[][] =>
  a.map((row, i) => row.map((v, j) => v + by * (b[i]?.[j] as number)))
export const times1 = (a: Dense, by: number): number[][] => a.map((row) => row.map((v) => by * v))
export const identity = (n: number): number[][] =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => Number(i === j)))
export const normOf = (a: Dense): number => Math.sqrt(a.flat().reduce((sum, v) => sum + v * v, 0))

export function inverse(a: Dense): number[][] {
  const n = a.length
  const rows = a.map((row, i) => [...row, ...(identity(n)[i] as number[])])
  for (let c = 0; c < n; c++) {
    let best = c
    for (let i = c; i < n; i++) if (Math.abs(rows[i]?.[c] as number) > Math.abs(rows[best]?.[c] as number)) best = i
    const pivot = rows[best] as number[]
    rows[best] = rows[c] as number[]
    rows[c] = pivot.map((v) => v / (pivot[c] as number))
    for (let i = 0; i < n; i++) {
      const by = rows[i]?.[c] as number
      if (i !== c) rows[i] = (rows[i] as number[]).map((v, j) => v - by * (rows[c]?.[j] as number))
    }
  }
  return rows.map((row) => row.slice(n))
}

/** Largest first; vectors in rows. */
export function eigenOf(given: Dense): { values: number[]; vectors: number[][] } {
  const n = given.length
  const a = given.map((row) => [...row])
  const v = identity(n)
  const get = (m: number[][], i: number, j: number): number => (m[i] as number[])[j] as number
  for (let sweep = 0; sweep < 60; sweep++)
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        if (Math.abs(get(a, p, q)) < 1e-300) continue
        const angle = 0.5 * Math.atan2(2 * get(a, p, q), get(a, q, q) - get(a, p, p))
        const [c, s] = [Math.cos(angle), Math.sin(angle)]
        for (let k = 0; k < n; k++) {
          const [x, y] = [get(a, k, p), get(a, k, q)]
          ;(a[k] as number[])[p] = c * x - s * y
          ;(a[k] as number[])[q] = s * x + c * y
        }
        for (let k = 0; k < n; k++) {
          const [x, y] = [get(a, p, k), get(a, q, k)]
          ;(a[p] as number[])[k] = c * x - s * y
          ;(a[q] as number[])[k] = s * x + c * y
          const [w, z] = [get(v, p, k), get(v, q, k)]
          ;(v[p] as number[])[k] = c * w - s * z
          ;(v[q] as number[])[k] = s * w + c * z
        }
      }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => get(a, j, j) - get(a, i, i))
  return { values: order.map((i) => get(a, i, i)), vectors: order.map((i) => v[i] as number[]) }
}

/** U V' of x = U S V', and the singular values. */
export function polarOf(x: Dense): { factor: number[][]; singular: number[] } {
  const isWide = x.length <= (x[0] ?? []).length
  const { values, vectors } = eigenOf(isWide ? times(x, transposed(x)) : times(transposed(x), x))
  const singular = values.map((value) => Math.sqrt(Math.max(0, value)))
  const most = singular[0] as number
  const scaled = vectors.map((row, i) =>
    row.map((z) => ((singular[i] as number) > 1e-9 * most ? z / (singular[i] as number) : 0)),
  )
  const root = times(transposed(scaled), vectors)
  return { factor: isWide ? times(root, x) : times(x, root), singular }
}
