// Model Breadcrumbs (Davari and Belilovsky, ECCV 2024): of each task vector both tails are left out, the gamma n
// elements of largest magnitude and the smallest, so that density n stay:
//   kept: places n_bot ... n_bot + density n - 1 in the order of |tau|,   n_bot = max(0, n - density n - gamma n)
// Where the two do not fit together, fewer of the largest are left out.
import { breadcrumbs as card } from '../../../contract/merges/sparse/breadcrumbs.ts'
import { type Cut, keepLargest, largestTaus } from '../facts/largest.ts'
import { scoped } from '../facts/region.ts'
import { merge, ownOf } from '../merge.ts'
import { sparsified } from './sparsified.ts'

export const breadcrumbs = merge(card, {
  by: 'slice',
  of: 'all',
  onDevice: true,
  prepare(sources, { density: ofAll, gamma: ofAllToo, scope, ...asked }) {
    const cuts = scoped(sources, { scope, onDevice: true }, (region, part) => {
      const counts = part.which.map((_, t) => {
        const staying = Math.floor(ownOf(part, t, 'density', ofAll) * region.size)
        const fromTop = Math.min(region.size, staying + Math.floor(ownOf(part, t, 'gamma', ofAllToo) * region.size))
        return [fromTop, fromTop - staying]
      })
      return largestTaus(region, counts, 'exact')
    })
    return sparsified(sources, asked, { scope }, async (part) => {
      const found = await cuts(part)
      const [staying, top] = [0, 1].map((k) => found.map((own) => own[k] as Cut)) as [Cut[], Cut[]]
      return (device, taus) => {
        keepLargest(staying, part)(device, taus)
        keepLargest(top, part, true)(device, taus)
      }
    })
  },
})
