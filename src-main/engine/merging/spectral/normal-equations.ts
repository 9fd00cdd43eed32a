// The normal equations of WUDI's loss, sum_t |(M - tau_t) tau_t'|^2 / |tau_t|^2: M A = sum_t tau_t G_t with
//   G_t = tau_t' tau_t / |tau_t|^2,   A = sum_t G_t.
// tau_t G_t is also (tau_t tau_t' / |tau_t|^2) tau_t, and |tau_t|^2 is either product's trace.
import { element } from '../../../numbers/vectors.ts'
import type { DoubleDevice, Matrix } from '../../devices/double/device.ts'
import { gram, mirror, multiplyInto, turned, viewOf } from '../../devices/double/products.ts'
import { added, inScope, scaled, type Taus } from './matrices.ts'

/** A (n, n) and sum_t tau_t G_t (m, n). A vector of zeros is left out. */
export async function normalEquations(device: DoubleDevice, taus: Taus): Promise<{ a: Matrix; b: Matrix }> {
  const { count, rows, columns } = taus
  const [a, b] = [device.matrix(columns, columns), device.matrix(rows, columns)]
  for (let t = 0; t < count; t++)
    await inScope(device, async () => {
      const tau = await taus.read(t)
      const isWide = rows < columns
      const own = gram(device, isWide ? viewOf(tau) : turned(viewOf(tau)))
      const square = traceOf(device, own)
      if (square === 0) return
      scaled(device, own, 1 / square)
      if (isWide) {
        multiplyInto(device, 'add', viewOf(own), viewOf(tau), viewOf(b))
        scaled(device, tau, 1 / Math.sqrt(square))
        multiplyInto(device, 'addUpper', turned(viewOf(tau)), viewOf(tau), viewOf(a))
      } else {
        added(device, a, own)
        multiplyInto(device, 'add', viewOf(tau), viewOf(own), viewOf(b))
      }
    })
  mirror(device, a)
  return { a, b }
}

export function traceOf(device: DoubleDevice, square: Matrix): number {
  const values = device.values(square)
  let sum = 0
  for (let i = 0; i < square.rows; i++) sum += element(values, i * square.rows + i)
  return sum
}
