// RAM and RAM+ (Yuan et al., ACL 2026): what only one model changed stays as it is, what several changed is their mean:
//   tau_i = (1 + r min(rho_t, alpha)) tau_t,i         where only t has |tau_t,i| > epsilon
//   tau_i = mean of those that have                   where several have
// with rho_t = shared_t / unique_t, counts of a tensor's elements. RAM is r = 0.
import { ram as card } from '../../../contract/merges/consensus/ram.ts'
import { add, at, element } from '../../../numbers/vectors.ts'
import { type Region, scoped } from '../facts/region.ts'
import { merge } from '../merge.ts'

export const ram = merge(card, {
  by: 'slice',
  of: 'all',
  prepare(sources, { epsilon, r, alpha }) {
    const gains = scoped(sources, { scope: 'tensor' }, async (region, { weights }) =>
      r === 0 ? weights.map(() => 1) : (await ratios(region, epsilon)).map((rho) => 1 + r * Math.min(rho, alpha)),
    )
    return async (part) => {
      const { vectors, weights } = part
      const by = await gains(part)
      return [
        (vectors[0] as Float64Array).map((_, i) => {
          let [sum, count, last] = [0, 0, 0]
          for (const [t, tau] of vectors.entries()) {
            if (!(Math.abs(element(tau, i)) > epsilon)) continue
            sum += at(weights, t) * element(tau, i)
            count++
            last = t
          }
          return count === 1 ? sum * at(by, last) : sum / Math.max(1, count)
        }),
      ]
    }
  },
})

/** rho of each model; of one that has no element to itself nothing is multiplied by it. */
async function ratios(region: Region, epsilon: number): Promise<number[]> {
  const [shared, unique]: [number[], number[]] = [[], []]
  for await (const { vectors, base } of region.pass()) {
    for (const t of vectors.keys()) {
      shared[t] ??= 0
      unique[t] ??= 0
    }
    for (let i = 0; i < base.length; i++) {
      const active = [...vectors.keys()].filter((t) => Math.abs(element(at(vectors, t), i)) > epsilon)
      for (const t of active) add(active.length > 1 ? shared : unique, t)
    }
  }
  return shared.map((count, t) => count / Math.max(1, at(unique, t)))
}
