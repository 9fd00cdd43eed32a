// DARE (Yu et al., ICML 2024): each element of a task vector stays by chance, and what stays is scaled up:
//   m ~ Bernoulli(density),   tau_t <- m . tau_t / density
// mergekit scales by the L1 norm that each tensor had.
import { dare as card } from '../../../contract/merges/sparse/dare.ts'
import { keepByChance, scaleRows } from '../../devices/double/rows.ts'
import type { OnTaus } from '../facts/taus.ts'
import { merge, type Part } from '../merge.ts'
import { masks, nameWords } from './mask.ts'
import { sparsified } from './sparsified.ts'

export const dare = merge(card, {
  by: 'slice',
  of: 'all',
  onDevice: true,
  prepare: (sources, { density, seed, ...asked }) =>
    sparsified(sources, asked, {}, ({ name, first, models }: Part): OnTaus => {
      if (density >= 1) return () => undefined
      if (density <= 0) return (device, taus) => scaleRows(device, taus, Array(taus.rows).fill(0))
      const names = models.map((model) => nameWords(model, name))
      const by = asked.rescale === 'expectation' ? 1 / density : 1
      return (device, taus) => keepByChance(device, taus, { seed, stream: masks, names, first, density, by })
    }),
})
