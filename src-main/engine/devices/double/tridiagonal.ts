// The first half of an eigendecomposition: Householder reflections to tridiagonal form (Golub and Van Loan, section
// 8.3.1), A / unit = Q T Q', Q = H_0 H_1 ..., whose reflections stay as they are until something is multiplied by Q.
import { element } from '../../../numbers/vectors.ts'
import type { DoubleDevice, Matrix } from './device.ts'

const ROWS = 32 // rows of a tile of the tridiagonalisation

export interface Tridiagonal {
  /** What A was divided by: squares of the smallest numbers would be none. */
  unit: number
  diagonal: Float64Array // (wide), T's
  beside: Float64Array // (wide), what is beside it
  reflectors: Matrix // (wide, wide); beyond n all is as of zeros
  taus: Matrix // (1, wide)
}

/** Of a symmetric matrix (n, n). Throws a RangeError where it is not finite. */
export function tridiagonal(device: DoubleDevice, a: Matrix): Tridiagonal {
  const n = a.rows
  const { across } = device.heavy
  const wide = across * Math.ceil(n / across)
  const unit = largestOf(device.values(a)) || 1
  const [diagonal, beside] = [new Float64Array(wide), new Float64Array(wide)]
  const [h, taus] = [device.matrix(wide, wide), device.matrix(1, wide)]
  device.scope(() => {
    const work = device.matrix(wide, wide)
    const [rows, reflectors] = [device.values(work), device.values(h)]
    const given = device.values(a)
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) rows[i * wide + j] = element(given, i * n + j) / unit
    const [v, w, y] = [0, 1, 2].map(() => device.matrix(1, wide)) as [Matrix, Matrix, Matrix]
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
      device.heavy.run(
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
  })
  return { unit, diagonal, beside, reflectors: h, taus }
}

function largestOf(values: Float64Array): number {
  let largest = 0
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(element(values, i))
    if (!(size < Infinity)) throw new RangeError('a matrix that is not finite has no eigenvalues')
    if (size > largest) largest = size
  }
  return largest
}

/** Q, (wide, wide). */
export function orthogonal(device: DoubleDevice, of: Tridiagonal): Matrix {
  const wide = of.reflectors.rows
  const q = device.matrix(wide, wide)
  reflect(device, of, q, true)
  return q
}

/** Z <- Q Z; Z has `wide` rows, and a multiple of a tile's columns. */
export function reflected(device: DoubleDevice, of: Tridiagonal, z: Matrix): void {
  reflect(device, of, z, false)
}

function reflect(device: DoubleDevice, { reflectors, taus }: Tridiagonal, z: Matrix, isUnit: boolean): void {
  const { across } = device.heavy
  const bytes = 8 * across * z.rows
  device.scope(() => {
    const scratch = device.allocate(bytes * device.pool.threads)
    const job = [reflectors.address, taus.address, z.address, z.rows, z.columns, isUnit ? 1 : 0, scratch, bytes]
    device.heavy.run('reflect', job, z.columns / across, z.rows < 64)
  })
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
