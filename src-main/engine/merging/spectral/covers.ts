// Orthogonal covers of singular vectors of several tasks: of their left ones U (k, m) and right ones V (k, n), in rows,
// the nearest matrices with orthonormal rows, the polar factors
//   U_c = G_u^(-1/2) U,   V_c = G_v^(-1/2) V,   G_u = U U', G_v = V V'  (k, k).
// They are never made: what is between them is k by k. Directions in which the rows of two tasks are the same are one.
import { at } from '../../../numbers/vectors.ts'
import type { DoubleDevice, Matrix } from '../../devices/double/device.ts'
import { gram, multiply, turned, viewOf } from '../../devices/double/products.ts'
import { functionOf, leadingInto, type Spectrum, spectrum } from '../../devices/double/singular.ts'
import { inScope, type Taus } from './matrices.ts'

export interface Vectors {
  left: Matrix // (k, m)
  right: Matrix // (k, n)
  singular: Float64Array // (k)
}

/** Of each task the `each` leading ones, task after task. */
export async function leadingOfTasks(device: DoubleDevice, taus: Taus, each: number): Promise<Vectors> {
  const k = each * taus.count
  const [left, right] = [device.matrix(k, taus.rows), device.matrix(k, taus.columns)]
  const singular = new Float64Array(k)
  for (let t = 0; t < taus.count; t++)
    await inScope(device, async () => {
      singular.set(leadingInto(device, await taus.read(t), rowsOf({ left, right }, t * each, each)), t * each)
    })
  return { left, right, singular }
}

export const rowsOf = ({ left, right }: Pick<Vectors, 'left' | 'right'>, first: number, count: number) => {
  const part = ({ address, columns }: Matrix) => ({
    ...viewOf({ address: address + 8 * first * columns, rows: count, columns }),
  })
  return { left: part(left), right: part(right) }
}

export interface Covers {
  left: Spectrum // of G_u
  right: Spectrum
}

export function covers(device: DoubleDevice, { left, right }: Vectors): Covers {
  const of = (x: Matrix) => spectrum(device, gram(device, x), Math.max(x.rows, x.columns))
  return { left: of(left), right: of(right) }
}

/** U_c' middle V_c, (m, n). */
export function between(device: DoubleDevice, { left, right }: Vectors, of: Covers, middle: Matrix): Matrix {
  const root = (s: Spectrum) => functionOf(device, s, (x) => 1 / x)
  const inner = multiply(device, multiply(device, root(of.left), middle), root(of.right))
  const { rows: m } = { rows: left.columns }
  return m <= right.columns
    ? multiply(device, multiply(device, turned(viewOf(left)), inner), right)
    : multiply(device, turned(viewOf(left)), multiply(device, inner, right))
}

export function diagonal(device: DoubleDevice, values: ArrayLike<number>): Matrix {
  const n = values.length
  const out = device.matrix(n, n)
  const all = device.values(out)
  for (let i = 0; i < n; i++) all[i * n + i] = at(values, i)
  return out
}
