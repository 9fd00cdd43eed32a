// DC-Merge (2026), its way for full fine-tunes: of each task's matrix the r = floor(min(m, n) / T) leading singular
// vectors, as TSV-M; all in the frame of their orthogonal covers,
//   M_t = U_c U_t S_t V_t' V_c' = G_u^(1/2)[:, t] S_t G_v^(1/2)[t, :],
// of which the `density` k^2 largest entries stay; M their mean where they have the sign of their sum, and of M the T
// blocks on the diagonal; tau = U_c' M V_c.

import { dcMerge as card } from '../../../contract/merges/spectral/dc-merge.ts'
import { at } from '../../../numbers/vectors.ts'
import type { DoubleDevice, Matrix } from '../../devices/double/device.ts'
import { multiplyInto, viewOf, within } from '../../devices/double/products.ts'
import { functionOf } from '../../devices/double/singular.ts'
import { agreeingMean } from './agreeing-mean.ts'
import { between, covers, leadingOfTasks, type Vectors } from './covers.ts'
import { ofMatrices } from './matrices.ts'
import { trimThreshold } from './thresholds.ts'

export const dcMerge = ofMatrices(card, async (device, taus, { density }) => {
  const { count } = taus
  const r = Math.floor(Math.min(taus.rows, taus.columns) / count)
  if (r === 0) return device.matrix(taus.rows, taus.columns)
  const vectors = await leadingOfTasks(device, taus, r)
  const of = covers(device, vectors)
  const k = r * count
  const roots = [of.left, of.right].map((side) => functionOf(device, side, (s) => s)) as [Matrix, Matrix]
  const blocks: Float64Array[] = []
  for (let t = 0; t < count; t++) blocks.push(ownBlocks(inFrame(device, roots, vectors, t * r, r), k, r, density))
  const mean = new Float64Array(k * r)
  await agreeingMean(async (see) => blocks.forEach(see), mean)
  return between(device, vectors, of, device.matrix(k, k, spread(mean, k, r)))
})

/** M_t, (k, k). */
function inFrame(
  device: DoubleDevice,
  [left, right]: [Matrix, Matrix],
  { singular }: Vectors,
  first: number,
  r: number,
): Float64Array {
  return device.scope(() => {
    const k = left.rows
    const [scaled, out] = [device.matrix(r, k), device.matrix(k, k)]
    const [to, from] = [device.values(scaled), device.values(right)]
    for (let i = 0; i < r; i++)
      for (let j = 0; j < k; j++) to[i * k + j] = at(singular, first + i) * at(from, (first + i) * k + j)
    multiplyInto(device, 'set', within(viewOf(left), 0, first, k, r), viewOf(scaled), viewOf(out))
    return Float64Array.from(device.values(out))
  })
}

/** Trimmed by its largest entries, wherever they are; then what is in the blocks on the diagonal, (blocks, r, r). */
function ownBlocks(m: Float64Array, k: number, r: number, density: number): Float64Array {
  const least = trimThreshold(m, density)
  const out = new Float64Array(k * r)
  for (let i = 0; i < k; i++)
    for (let j = 0; j < r; j++) {
      const value = at(m, i * k + r * Math.floor(i / r) + j)
      if (Math.abs(value) >= least) out[i * r + j] = value
    }
  return out
}

function spread(blocks: Float64Array, k: number, r: number): Float64Array {
  const out = new Float64Array(k * k)
  for (let i = 0; i < k; i++) out.set(blocks.subarray(i * r, (i + 1) * r), i * k + r * Math.floor(i / r))
  return out
}
