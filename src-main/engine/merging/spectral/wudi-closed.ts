// WUDI (wudi.ts) in closed form, where its steps would lead without end:
//   M = (sum_t tau_t G_t) (A + ridge I)^-1,   G_t = tau_t' tau_t / |tau_t|^2,   A = sum_t G_t.
// With B (T m, n) the tau_t / |tau_t| below one another and C (m, T m) the tau_t tau_t' / |tau_t| side by side, A = B'B
// and sum_t tau_t G_t = C B, so that C (B B' + ridge I)^-1 B is the same where T m < n. A vector of zeros is left out.
import { wudiClosed as card } from '../../../contract/merges/spectral/wudi-closed.ts'
import { at } from '../../../numbers/vectors.ts'
import { cholesky, solveRight } from '../../devices/double/cholesky.ts'
import type { DoubleDevice, Matrix } from '../../devices/double/device.ts'
import { gram, multiply } from '../../devices/double/products.ts'
import { inScope, ofMatrices, scaled, type Taus } from './matrices.ts'
import { normalEquations, traceOf } from './normal-equations.ts'

export const wudiClosed = ofMatrices(card, async (device, taus, { ridge }) => {
  const { count, rows, columns } = taus
  if (count * rows < columns) return dual(device, taus, ridge)
  const { a, b } = await normalEquations(device, taus)
  raiseDiagonal(device, a, ridge)
  cholesky(device, a)
  solveRight(device, a, b)
  return b
})

async function dual(device: DoubleDevice, taus: Taus, ridge: number): Promise<Matrix> {
  const { count, rows, columns } = taus
  const [b, c] = [device.matrix(count * rows, columns), device.matrix(rows, count * rows)]
  for (let t = 0; t < count; t++)
    await inScope(device, async () => {
      const tau = await taus.read(t)
      const own = gram(device, tau)
      const size = Math.sqrt(traceOf(device, own))
      if (size === 0) return
      scaled(device, tau, 1 / size)
      device.values(b).set(device.values(tau), t * rows * columns)
      scaled(device, own, 1 / size)
      const [to, from] = [device.values(c), device.values(own)]
      for (let i = 0; i < rows; i++) to.set(from.subarray(i * rows, (i + 1) * rows), i * count * rows + t * rows)
    })
  const a = gram(device, b)
  raiseDiagonal(device, a, ridge)
  cholesky(device, a)
  solveRight(device, a, c)
  return multiply(device, c, b)
}

function raiseDiagonal(device: DoubleDevice, a: Matrix, by: number): void {
  const values = device.values(a)
  for (let i = 0; i < a.rows; i++) values[i * a.rows + i] = at(values, i * a.rows + i) + by
}
