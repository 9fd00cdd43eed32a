// DARE (Yu et al., ICML 2024): each element of a task vector stays by chance, and what stays is scaled up:
//   m ~ Bernoulli(density),   tau_t <- m . tau_t / density
// mergekit scales by the L1 norm that each tensor had.
import { dare as card } from '../../../contract/merges/sparse/dare.ts'
import { keepByChance, rowAt } from '../../devices/double/rows.ts'
import type { OnTaus } from '../facts/taus.ts'
import { merge, ownOf, type Part } from '../merge.ts'
import { masks, nameWords } from './mask.ts'
import { sparsified } from './sparsified.ts'

export const dare = merge(card, {
  by: 'slice',
  of: 'all',
  onDevice: true,
  prepare: (sources, { density: ofAll, seed, ...asked }) =>
    sparsified(
      sources,
      asked,
      {},
      (part: Part): OnTaus =>
        (device, taus) => {
          const { name, first, models } = part
          for (const [t, model] of models.entries()) {
            const density = ownOf(part, t, 'density', ofAll)
            const by = asked.rescale === 'expectation' ? 1 / density : 1
            if (density <= 0) rowAt(device, taus, t).fill(0)
            else if (density < 1)
              keepByChance(device, taus, t, { seed, stream: masks, name: nameWords(model, name), first, density, by })
          }
        },
    ),
})
