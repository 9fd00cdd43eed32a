// The normal equations of WUDI's loss, sum_t |(M - tau_t) tau_t'|^2 / |tau_t|^2: M A = sum_t tau_t G_t with
//   G_t = tau_t' tau_t / |tau_t|^2,   A = sum_t G_t.
import { norm } from '../../../numbers/vectors.ts'
import type { DoubleDevice, Matrix } from '../../devices/double/device.ts'
import { gram, mirror, multiply, multiplyInto, turned, viewOf } from '../../devices/double/products.ts'
import { added, inScope, scaled, type Taus } from './matrices.ts'

/** work on tau_t / |tau_t|, told |tau_t|; not on one of zeros. */
export function ofUnit(device: DoubleDevice, taus: Taus, t: number, work: (unit: Matrix, size: number) => void) {
  return inScope(device, async () => {
    const tau = await taus.read(t)
    const size = norm(Float64Array.from(device.values(tau)))
    if (size === 0) return
    scaled(device, tau, 1 / size)
    work(tau, size)
  })
}

/** A (n, n) and sum_t tau_t G_t (m, n). */
export async function normalEquations(device: DoubleDevice, taus: Taus): Promise<{ a: Matrix; b: Matrix }> {
  const { count, rows, columns } = taus
  const [a, b] = [device.matrix(columns, columns), device.matrix(rows, columns)]
  for (let t = 0; t < count; t++)
    await ofUnit(device, taus, t, (tau, size) => {
      if (rows < columns) {
        multiplyInto(device, 'addUpper', turned(viewOf(tau)), viewOf(tau), viewOf(a))
        added(device, b, multiply(device, gram(device, tau), tau), size)
      } else {
        const own = gram(device, turned(viewOf(tau)))
        added(device, a, own)
        added(device, b, multiply(device, tau, own), size)
      }
    })
  mirror(device, a)
  return { a, b }
}
