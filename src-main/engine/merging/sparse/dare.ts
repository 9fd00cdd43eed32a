// DARE (Yu et al., ICML 2024): each element of a task vector stays by chance, and what stays is scaled up:
//   m ~ Bernoulli(density),   tau_t <- m . tau_t / density
// mergekit scales by the L1 norm that each tensor had.
import { dare as card } from '../../../contract/merges/sparse/dare.ts'
import { merge, ownOf } from '../merge.ts'
import { uniforms } from './mask.ts'
import { sparsified } from './sparsified.ts'

export const dare = merge(card, {
  by: 'slice',
  of: 'all',
  prepare: (sources, { density: ofAll, seed, ...asked }) =>
    sparsified(sources, asked, {}, async (part) => {
      const { name, first, vectors, models } = part
      for (const [t, tau] of vectors.entries()) {
        const density = ownOf(part, t, 'density', ofAll)
        if (density >= 1) continue
        const chances = uniforms(seed, models[t] as string, name, first, tau.length)
        const by = asked.rescale === 'expectation' && density > 0 ? 1 / density : 1
        for (let i = 0; i < tau.length; i++) tau[i] = (chances[i] ?? 0) < density ? by * (tau[i] ?? 0) : 0
      }
      return vectors
    }),
})
