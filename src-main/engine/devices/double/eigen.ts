// The eigendecomposition of a symmetric matrix, A = sum_i values_i z_i z_i': Householder reflections to tridiagonal
// form (Golub and Van Loan, section 8.3.1), then the implicit QL algorithm (Dubrulle 1970), whose rotations are
// gathered and turned into the vectors many sweeps at a time. All in float64; what is computed does not depend on the
// threads.
import { element } from '../../../numbers/vectors.ts'
import type { DoubleDevice, Matrix } from './device.ts'

const WIDE = 16 // columns of a tile of the kernels
const ROWS = 32 // rows of a tile of the tridiagonalisation
const KEPT = 2 ** 17 // rotations that are gathered
const MOST_SWEEPS = 100 // for one eigenvalue, which takes two
// Where most eigenvalues are 0, sweeps from the large ones keep rounding their size anew into those: what is nothing
// then grows from sweep to sweep, soon as large as what the tridiagonal form was rounded by.
const PATIENT = 10
const MOST_DOUBLINGS = 20 // of what counts as nothing: beyond, it was not found

export interface Eigen {
  values: Float64Array // (n), largest first
  vectors: Matrix // (n, n), the vector of values[i] in row i
}

export function eigen(device: DoubleDevice, a: Matrix): Eigen {
  const n = a.rows
  const vectors = device.matrix(n, n)
  const values = device.scope(() => {
    const wide = WIDE * Math.ceil(n / WIDE)
    const largest = device.values(a).reduce((most, v) => Math.max(most, Math.abs(v)), 0)
    if (!Number.isFinite(largest)) throw new RangeError('a matrix that is not finite has no eigenvalues')
    const unit = largest || 1 // squares of the smallest numbers would be none
    const { diagonal, beside, z } = tridiagonal(device, a, wide, unit)
    implicitQl(device, diagonal, beside, z)
    const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => element(diagonal, j) - element(diagonal, i))
    const [from, to] = [device.values(z), device.values(vectors)]
    for (const [place, i] of order.entries()) to.set(from.subarray(i * wide, i * wide + n), place * n)
    return Float64Array.from(order, (i) => unit * element(diagonal, i))
  })
  return { values, vectors }
}

/** A / unit = Q T Q': T's diagonal and what is beside it, and Q' (wide, wide). Beyond n all is as of zeros. */
function tridiagonal(
  device: DoubleDevice,
  a: Matrix,
  wide: number,
  unit: number,
): { diagonal: Float64Array; beside: Float64Array; z: Matrix } {
  const n = a.rows
  const q = device.matrix(wide, wide)
  const [diagonal, beside] = [new Float64Array(wide), new Float64Array(wide)]
  device.scope(() => {
    const [work, h] = [device.matrix(wide, wide), device.matrix(wide, wide)]
    const [rows, reflectors] = [device.values(work), device.values(h)]
    const given = device.values(a)
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) rows[i * wide + j] = element(given, i * n + j) / unit
    const [v, w, y, taus] = [0, 1, 2, 3].map(() => device.matrix(1, wide)) as [Matrix, Matrix, Matrix, Matrix]
    const [vs, ws, ys, ts] = [v, w, y, taus].map((m) => device.values(m)) as Float64Array[] as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ]
    for (let k = 0; k < n; k++) {
      // column k after the update that is still to be made
      const u = reflectors.subarray(k * wide, (k + 1) * wide)
      const [vk, wk] = [element(vs, k), element(ws, k)]
      for (let j = k; j < n; j++) u[j] = element(rows, k * wide + j) - vk * element(ws, j) - wk * element(vs, j)
      diagonal[k] = element(u, k)
      u[k] = 0
      if (k === n - 1) break
      ts[k] = reflector(u, k + 1, n, beside, k)
      const first = (k + 1) & ~1
      vs.fill(0, 0, first === k ? 0 : k + 1)
      const uAddress = h.address + 8 * k * wide
      const tiles = Math.ceil((wide - first) / ROWS)
      const small = (wide - first) ** 2 < 2 ** 14
      device.pool.run(
        'updateAndMultiply',
        [work.address, wide, first, v.address, w.address, uAddress, y.address, ROWS],
        tiles,
        small,
      )
      const tau = element(ts, k)
      let along = 0
      for (let j = k + 1; j < n; j++) along += element(ys, j) * element(u, j)
      const half = (tau * tau * along) / 2
      for (let j = 0; j <= k; j++) vs[j] = ws[j] = 0
      for (let j = k + 1; j < n; j++) {
        vs[j] = element(u, j)
        ws[j] = tau * element(ys, j) - half * element(u, j)
      }
    }
    const bytes = 8 * WIDE * wide
    const scratch = device.allocate(bytes * device.pool.threads)
    device.pool.run('reflect', [h.address, taus.address, q.address, wide, scratch, bytes], wide / WIDE, wide < 64)
  })
  transpose(device.values(q), wide)
  return { diagonal, beside, z: q }
}

/**
 * x = u[first .. n), written over by the h with (1 - tau h h') x = beside[k] e_1; gives tau. 0 where x is that
 * already, but for what is so small that no number could hold the square of tau.
 */
function reflector(u: Float64Array, first: number, n: number, beside: Float64Array, k: number): number {
  const head = element(u, first)
  let rest = 0
  for (let j = first + 1; j < n; j++) rest += element(u, j) ** 2
  if (rest < 1e-150) {
    beside[k] = head
    u.fill(0, first, n)
    return 0
  }
  const length = Math.sqrt(head * head + rest)
  const alpha = head > 0 ? -length : length
  beside[k] = alpha
  const to = head - alpha
  u[first] = to
  return 2 / (to * to + rest)
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

/** In place: d, the diagonal, becomes the eigenvalues; the rows of z what they were, in the eigenvectors' basis. */
function implicitQl(device: DoubleDevice, d: Float64Array, e: Float64Array, z: Matrix): void {
  const n = z.rows
  const bytes = 8 * WIDE * n
  const scratch = device.allocate(bytes * device.pool.threads)
  const turns = device.matrix(KEPT + n, 2)
  const sweeps = device.allocate(8 * KEPT)
  const [kept, tops] = [device.values(turns), device.integers(sweeps, 2 * KEPT)]
  let [rotations, count] = [0, 0]
  const flush = (): void => {
    device.pool.run('rotate', [z.address, n, sweeps, count, turns.address, scratch, bytes], n / WIDE, n < 64)
    rotations = count = 0
  }
  let largest = 0
  for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(element(d, i)) + Math.abs(element(e, i)))
  for (let l = 0; l < n; l++)
    for (let tries = 0; ; tries++) {
      if (tries > MOST_SWEEPS) throw new RangeError(`eigenvalue ${l} of ${n} was not found`)
      let m = l
      while (m < n - 1 && !isNothing(d, e, m, largest * 2 ** Math.min(MOST_DOUBLINGS, Math.max(0, tries - PATIENT))))
        m++
      if (m === l) break
      const made = sweep(d, e, l, m, kept.subarray(2 * rotations))
      if (made > 0) {
        tops[2 * count] = m - 1
        tops[2 * count + 1] = made
        rotations += made
        count++
      }
      if (rotations >= KEPT || count === KEPT) flush()
    }
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
