// TSV-M (Gargiulo et al., CVPR 2025): of each task's matrix the r = floor(min(m, n) / T) leading singular vectors and
// values, tau_t ~ U_t S_t V_t', those of all tasks side by side, and what the tasks' vectors share taken out of them:
//   tau = U_c diag(S_1 ... S_T) V_c',   U_c, V_c the polar factors of [U_1 ... U_T] and [V_1 ... V_T].
// With more tasks than min(m, n) r is 0, and so is the answer.
import { tsvM as card } from '../../../contract/merges/spectral/tsv-m.ts'
import type { DoubleDevice, Matrix } from '../../devices/double/device.ts'
import { between, covers, diagonal, leadingOfTasks } from './covers.ts'
import { ofMatrices, type Taus } from './matrices.ts'

export const tsvM = ofMatrices(card, (device, taus) => tsvOf(device, taus))

export async function tsvOf(device: DoubleDevice, taus: Taus): Promise<Matrix> {
  const r = Math.floor(Math.min(taus.rows, taus.columns) / taus.count)
  if (r === 0) return device.matrix(taus.rows, taus.columns)
  const vectors = await leadingOfTasks(device, taus, r)
  return between(device, vectors, covers(device, vectors), diagonal(device, vectors.singular))
}
