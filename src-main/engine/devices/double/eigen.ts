// The eigendecomposition of a symmetric matrix, A = sum_i values_i z_i z_i': Householder reflections to tridiagonal
// form, then the implicit QL algorithm (Dubrulle 1970). Its rotations are gathered and turned into all the vectors many
// sweeps at a time; where a few leading vectors are asked for, none is turned, and those come by inverse iteration.
// All in float64; what is computed does not depend on the threads.
import { element } from '../../../numbers/vectors.ts'
import type { DoubleDevice, Matrix } from './device.ts'
import { leadingVectors } from './inverse-iteration.ts'
import { orthogonal, type Tridiagonal, tridiagonal } from './tridiagonal.ts'

const KEPT = 2 ** 17 // rotations that are gathered
const MOST_SWEEPS = 100 // for one eigenvalue, which takes two
// Where most eigenvalues are 0, sweeps from the large ones keep rounding their size anew into those: what is nothing
// then grows from sweep to sweep, soon as large as what the tridiagonal form was rounded by.
const PATIENT = 10
const MOST_DOUBLINGS = 20 // of what counts as nothing: beyond, it was not found
const FEW = 1 / 4 // of all vectors: above, rotations take no longer

export interface Eigen {
  values: Float64Array // (n), largest first
  vectors: Matrix // (leading, n), the vector of values[i] in row i
}

/** leading: how many of the vectors are wanted, of the largest values first. Throws a RangeError where a is not finite. */
export function eigen(device: DoubleDevice, a: Matrix, leading = a.rows): Eigen {
  const n = a.rows
  const vectors = device.matrix(Math.min(leading, n), n)
  const values = device.scope(() => {
    const form = tridiagonal(device, a)
    const found = vectors.rows <= FEW * n ? valuesOf(form, n) : undefined
    if (found && leadingVectors(device, form, found, vectors)) return scaled(found, form.unit)
    return allOf(device, form, vectors)
  })
  return { values, vectors }
}

const scaled = (values: Float64Array, by: number): Float64Array => values.map((value) => by * value)

/** T's eigenvalues, largest first. */
function valuesOf({ diagonal, beside }: Tridiagonal, n: number): Float64Array {
  const [d, e] = [diagonal.slice(0, n), beside.slice(0, n)]
  implicitQl(d, e, { after: () => undefined, turns: new Float64Array(2 * n) })
  return d.sort().reverse()
}

/** All of A's eigenvalues, and the first of their vectors. */
function allOf(device: DoubleDevice, form: Tridiagonal, vectors: Matrix): Float64Array {
  const n = vectors.columns
  const wide = form.reflectors.rows
  const z = orthogonal(device, form)
  transpose(device.values(z), wide)
  const { diagonal, beside } = form
  rotating(device, diagonal, beside, z)
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => element(diagonal, j) - element(diagonal, i))
  const [from, to] = [device.values(z), device.values(vectors)]
  for (const [place, i] of order.slice(0, vectors.rows).entries())
    to.set(from.subarray(i * wide, i * wide + n), place * n)
  return Float64Array.from(order, (i) => form.unit * element(diagonal, i))
}

function transpose(values: Float64Array, n: number): void {
  const square = 32
  for (let top = 0; top < n; top += square)
    for (let left = top; left < n; left += square)
      for (let i = top; i < Math.min(n, top + square); i++)
        for (let j = Math.max(i + 1, left); j < Math.min(n, left + square); j++) {
          const [x, y] = [element(values, i * n + j), element(values, j * n + i)]
          values[i * n + j] = y
          values[j * n + i] = x
        }
}

/** Takes rotations (c, s) of rows (i, i + 1), i from `top` downwards, that a sweep wrote into `turns`. */
interface Sweeps {
  turns: Float64Array // room for a sweep
  after(top: number, count: number): void
}

/** In place: d, the diagonal, becomes the eigenvalues; e, what is beside it, nothing. */
function implicitQl(d: Float64Array, e: Float64Array, sweeps: Sweeps): void {
  const n = d.length
  let largest = 0
  for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(element(d, i)) + Math.abs(element(e, i)))
  for (let l = 0; l < n; l++)
    for (let tries = 0; ; tries++) {
      if (tries > MOST_SWEEPS) throw new RangeError(`eigenvalue ${l} of ${n} was not found`)
      let m = l
      while (m < n - 1 && !isNothing(d, e, m, largest * 2 ** Math.min(MOST_DOUBLINGS, Math.max(0, tries - PATIENT))))
        m++
      if (m === l) break
      const made = sweep(d, e, l, m, sweeps.turns)
      if (made > 0) sweeps.after(m - 1, made)
    }
}

/** The same, with the rows of z (n, n) what they were in the eigenvectors' basis. */
function rotating(device: DoubleDevice, d: Float64Array, e: Float64Array, z: Matrix): void {
  const n = z.rows
  const { across } = device.heavy
  const bytes = 8 * across * n
  const scratch = device.allocate(bytes * device.pool.threads)
  const turns = device.matrix(KEPT + n, 2)
  const sweeps = device.allocate(8 * KEPT)
  const [kept, tops] = [device.values(turns), device.integers(sweeps, 2 * KEPT)]
  let [rotations, count] = [0, 0]
  const flush = (): void => {
    device.heavy.run('rotate', [z.address, n, sweeps, count, turns.address, scratch, bytes], n / across, n < 64)
    rotations = count = 0
  }
  const waiting = {
    turns: kept,
    after(top: number, made: number): void {
      tops[2 * count] = top
      tops[2 * count + 1] = made
      rotations += made
      count++
      if (rotations >= KEPT || count === KEPT) flush()
      waiting.turns = kept.subarray(2 * rotations)
    },
  }
  implicitQl(d, e, waiting)
  if (count > 0) flush()
}

const eps = 2 ** -53

function isNothing(d: Float64Array, e: Float64Array, m: number, largest: number): boolean {
  const size = Math.abs(element(e, m))
  return size <= eps * (Math.abs(element(d, m)) + Math.abs(element(d, m + 1))) || size <= eps * 2 ** -7 * largest
}

/** One QL sweep from m up to l, (c, s) of its rotations to `turns`; gives how many. */
function sweep(d: Float64Array, e: Float64Array, l: number, m: number, turns: Float64Array): number {
  const ratio = (element(d, l + 1) - element(d, l)) / (2 * element(e, l))
  const root = Math.sqrt(ratio * ratio + 1)
  let g = element(d, m) - element(d, l) + element(e, l) / (ratio + (ratio < 0 ? -root : root))
  let [s, c, p] = [1, 1, 0]
  for (let i = m - 1; i >= l; i--) {
    const f = s * element(e, i)
    const b = c * element(e, i)
    const r = Math.sqrt(f * f + g * g)
    e[i + 1] = r
    if (r === 0) {
      d[i + 1] = element(d, i + 1) - p
      e[m] = 0
      return m - 1 - i
    }
    s = f / r
    c = g / r
    g = element(d, i + 1) - p
    const t = (element(d, i) - g) * s + 2 * c * b
    p = s * t
    d[i + 1] = g + p
    g = c * t - b
    turns[2 * (m - 1 - i)] = c
    turns[2 * (m - 1 - i) + 1] = s
  }
  d[l] = element(d, l) - p
  e[l] = g
  e[m] = 0
  return m - l
}
