// Iso-CTS (Marczak et al., ICML 2025): directions that the tasks have in common, beside some of each task's own, all
// with one singular value. With s = min(m, n) and a fraction f of it in common,
//   each task's own: c = round((s - floor(s f)) / T), in common: k = s - c T leading ones of sum_t tau_t, U_k S_k V_k';
//   of each task the c leading ones of tau_t - U_k U_k' tau_t;
//   tau = mean(S) U_c V_c',   U_c, V_c the polar factors of all s vectors side by side, S all their singular values.
// Halves are rounded to even, as Python's round does.
import { isoCts as card } from '../../../contract/merges/spectral/iso-cts.ts'
import { sum } from '../../../numbers/vectors.ts'
import { multiply, multiplyInto, turned, viewOf } from '../../devices/double/products.ts'
import { leadingInto } from '../../devices/double/singular.ts'
import { between, covers, diagonal, rowsOf } from './covers.ts'
import { inScope, ofMatrices, sumOf } from './matrices.ts'

export const isoCts = ofMatrices(card, async (device, taus, { common }) => {
  const { count, rows, columns } = taus
  const s = Math.min(rows, columns)
  const own = toEven((s - Math.floor(s * common)) / count)
  const shared = s - own * count
  const vectors = { left: device.matrix(s, rows), right: device.matrix(s, columns), singular: new Float64Array(s) }
  const atCommon = rowsOf(vectors, own * count, shared)
  await inScope(device, async () => {
    vectors.singular.set(leadingInto(device, await sumOf(device, taus), atCommon), own * count)
  })
  for (let t = 0; t < count && own > 0; t++)
    await inScope(device, async () => {
      const tau = await taus.read(t)
      const along = multiply(device, atCommon.left, tau)
      multiplyInto(device, 'subtract', turned(atCommon.left), viewOf(along), viewOf(tau))
      vectors.singular.set(leadingInto(device, tau, rowsOf(vectors, t * own, own)), t * own)
    })
  const mean = sum(vectors.singular) / s
  return between(device, vectors, covers(device, vectors), diagonal(device, new Float64Array(s).fill(mean)))
})

function toEven(x: number): number {
  const down = Math.floor(x)
  if (x - down !== 0.5) return Math.round(x)
  return down % 2 === 0 ? down : down + 1
}
