// EMR-Merging (Huang et al., NeurIPS 2024): one vector of elected signs and largest magnitudes, and for each task a
// mask and a number that make it that task's own:
//   gamma = sign(sum_t tau_t),   tau = gamma max_t |tau_t| over those of sign gamma
//   m_t = [tau_t gamma > 0],     f_t = sum |tau_t| / sum |m_t . tau|,     tau_t' = f_t m_t . tau
// The authors' program sums means of tensors; the paper's sums are over all elements.
import { emr as card } from '../../../contract/merges/masks/emr.ts'
import { at, element, product } from '../../../numbers/vectors.ts'
import { massesOf } from '../consensus/agree.ts'
import { type Region, scoped } from '../facts/region.ts'
import { merge } from '../merge.ts'
import { ofTask } from './of-task.ts'

export const emr = merge(card, {
  by: 'slice',
  of: 'all',
  prepare(sources, { task, rescale }) {
    const factors = scoped(sources, { scope: 'model' }, async (region, { vectors }) =>
      rescale === 'none' ? vectors.map(() => 1) : factorsOf(region, rescale),
    )
    return async (part) => {
      const found = await factors(part)
      const united = unified(part.vectors)
      const each = part.vectors.map((tau, t) => {
        const by = at(found, t) * at(part.weights, t)
        return () => tau.map((v, i) => (v * element(united, i) > 0 ? by * element(united, i) : 0))
      })
      return ofTask(each, task)
    }
  },
})

/** tau, (n); a sum of 0 elects minus. */
function unified(taus: readonly Float64Array[]): Float64Array {
  return massesOf(taus).map((mass, i) => {
    const sign = mass > 0 ? 1 : -1
    return sign * taus.reduce((most, tau) => Math.max(most, sign * element(tau, i)), 0)
  })
}

/** f; of a task with nothing of the elected signs 1. */
async function factorsOf(region: Region, rescale: 'means' | 'sums'): Promise<number[]> {
  const [whole, masked]: [number[], number[]] = [[], []]
  for await (const { vectors, shape } of region.pass()) {
    const united = unified(vectors)
    const share = rescale === 'means' ? 1 / product(shape) : 1
    for (const [t, tau] of vectors.entries()) {
      let [all, own] = [0, 0]
      for (const [i, v] of tau.entries()) {
        all += Math.abs(v)
        if (v * element(united, i) > 0) own += Math.abs(element(united, i))
      }
      whole[t] = (whole[t] ?? 0) + share * all
      masked[t] = (masked[t] ?? 0) + share * own
    }
  }
  return whole.map((all, t) => (at(masked, t) > 0 ? all / at(masked, t) : 1))
}
