// Model Breadcrumbs (Davari and Belilovsky, ECCV 2024): of each task vector both tails are left out, the gamma n
// elements of largest magnitude and the smallest, so that density n stay:
//   kept: places n_bot ... n_bot + density n - 1 in the order of |tau|,   n_bot = max(0, n - density n - gamma n)
// Where the two do not fit together, fewer of the largest are left out.
import { breadcrumbs as card } from '../../../contract/merges/sparse/breadcrumbs.ts'
import { type Cut, isAmong, largest } from '../facts/largest.ts'
import { scoped } from '../facts/region.ts'
import { merge, ownOf, type Part } from '../merge.ts'
import { sparsified } from './sparsified.ts'

export const breadcrumbs = merge(card, {
  by: 'slice',
  of: 'all',
  prepare(sources, { density: ofAll, gamma: ofAllToo, scope, ...asked }) {
    const cuts = scoped(sources, { scope }, (region, part) => {
      const counts = part.vectors.map((_, t) => {
        const staying = Math.floor(ownOf(part, t, 'density', ofAll) * region.size)
        const fromTop = Math.min(region.size, staying + Math.floor(ownOf(part, t, 'gamma', ofAllToo) * region.size))
        return [fromTop, fromTop - staying]
      })
      return largest(region, magnitudes, counts, 'exact')
    })
    return sparsified(sources, asked, { scope }, async (part) => {
      const found = await cuts(part)
      for (const [t, tau] of part.vectors.entries()) {
        const [staying, top] = found[t] as [Cut, Cut]
        for (let i = 0; i < tau.length; i++) {
          const magnitude = Math.abs(tau[i] ?? 0)
          if (!isAmong(staying, part, i, magnitude) || isAmong(top, part, i, magnitude)) tau[i] = 0
        }
      }
      return part.vectors
    })
  },
})

const magnitudes = ({ vectors }: Part): Float64Array[] => vectors.map((tau) => tau.map(Math.abs))
