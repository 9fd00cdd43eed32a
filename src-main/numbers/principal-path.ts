// A path of many dimensions on its first two principal directions. With the n states x_i (d numbers each) as rows of X,
// centred, the directions are eigenvectors of X^T X; as n is small beside d, those of the Gram matrix G = X X^T (n x n)
// are found, by orthogonal iteration, and a state's place is sqrt(lambda_k) u_k,i. Share explained: lambda_k / tr G.
// Signs are settled so that the path ends to the right of where it began, and goes up where it goes furthest.
import { axpy, dot, scale } from './vectors.ts'

export interface PrincipalPath {
  points: { x: number; y: number }[]
  shares: [number, number]
}

const rounds = 300
const still = 1e-12 // of a change of direction
const rounding = 1e-8 // of a length, below which a difference is none

/** rows: one a state, all of one length. */
export function principalPath(rows: readonly Float64Array[]): PrincipalPath {
  const gram = gramOf(centred(rows))
  const total = gram.reduce((sum, row, i) => sum + (row[i] ?? 0), 0)
  if (!(total > 0)) return { points: rows.map(() => ({ x: 0, y: 0 })), shares: [0, 0] }
  const first = leading(gram, [])
  const second = leading(gram, [first.direction])
  const xs = placed(first, ({ length }) => length - 1)
  const ys = placed(second, (values) =>
    values.reduce((most, v, i) => (Math.abs(v) > Math.abs(values[most] ?? 0) ? i : most), 0),
  )
  return {
    points: rows.map((_, i) => ({ x: (xs[i] ?? 0) - (xs[0] ?? 0), y: (ys[i] ?? 0) - (ys[0] ?? 0) })),
    shares: [first.value / total, second.value / total],
  }
}

interface Eigen {
  value: number
  direction: Float64Array
}

/** sqrt(lambda) u from where the path began, with the sign that makes the chosen state's place positive. */
function placed({ value, direction }: Eigen, chosen: (values: Float64Array) => number): Float64Array {
  const places = direction.map((u) => Math.sqrt(Math.max(0, value)) * u)
  const moved = places.map((place) => place - (places[0] ?? 0))
  if ((moved[chosen(moved)] ?? 0) < 0) scale(-1, moved)
  return moved
}

function centred(rows: readonly Float64Array[]): Float64Array[] {
  const mean = new Float64Array(rows[0]?.length ?? 0)
  for (const row of rows) axpy(1 / rows.length, row, mean)
  return rows.map((row) => row.map((x, i) => x - (mean[i] ?? 0)))
}

function gramOf(rows: readonly Float64Array[]): Float64Array[] {
  const gram = rows.map(() => new Float64Array(rows.length))
  rows.forEach((a, i) => {
    for (let j = 0; j <= i; j++) {
      const product = dot(a, rows[j] ?? a)
      for (const [r, c] of [
        [i, j],
        [j, i],
      ] as const)
        gram[r]?.fill(product, c, c + 1)
    }
  })
  return gram
}

/** The eigenvector of the largest eigenvalue among those orthogonal to the ones given. */
function leading(gram: readonly Float64Array[], before: readonly Float64Array[]): Eigen {
  // a first guess without symmetry of its own
  let direction = unit(
    Float64Array.from(gram, (_, i) => Math.cos(1 + 2 * i) + 0.1),
    before,
  )
  for (let round = 0; round < rounds; round++) {
    const next = unit(
      Float64Array.from(gram, (row) => dot(row, direction)),
      before,
    )
    const isStill = 1 - Math.abs(dot(next, direction)) < still
    direction = next
    if (isStill) break
  }
  return {
    value: dot(
      Float64Array.from(gram, (row) => dot(row, direction)),
      direction,
    ),
    direction,
  }
}

/** 0 where x has no direction beside those before: what is left of it then is rounding. */
function unit(x: Float64Array, before: readonly Float64Array[]): Float64Array {
  const whole = Math.sqrt(dot(x, x))
  for (const other of before) axpy(-dot(other, x), other, x)
  const length = Math.sqrt(dot(x, x))
  if (length > rounding * whole) scale(1 / length, x)
  else x.fill(0)
  return x
}
