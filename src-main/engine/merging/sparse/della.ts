// DELLA (Deep et al., 2024): each element of a task vector stays by a chance that grows with its magnitude's rank in
// its row, of n elements:
//   p = density - epsilon + 2 epsilon rank / (n - 1),   m ~ Bernoulli(p),   tau_t <- m . tau_t / p
// A row is what one output reads; a bias is one row. A row of one element has the chance of the middle.
import { della as card } from '../../../contract/merges/sparse/della.ts'
import { product } from '../../../numbers/vectors.ts'
import { rowAt } from '../../devices/double/rows.ts'
import { partAt } from '../facts/region.ts'
import type { OnTaus } from '../facts/taus.ts'
import { merge, ownOf, type Part, type Sources } from '../merge.ts'
import { uniforms } from './mask.ts'
import { sparsified } from './sparsified.ts'

export const della = merge(card, {
  by: 'slice',
  of: 'all',
  onDevice: true,
  prepare: (sources, { density: ofAll, epsilon: ofAllToo, seed, ...asked }) =>
    sparsified(sources, asked, { row: rowOf }, async (part): Promise<OnTaus> => {
      const { name, first, models } = part
      const densities = models.map((_, t) => ownOf(part, t, 'density', ofAll))
      if (densities.every((density) => density >= 1)) return () => undefined
      const { length, from, whole } = await wholeRowsOf(sources, part)
      return (device, taus) => {
        for (const [t, model] of models.entries()) {
          const [density, epsilon] = [densities[t] ?? ofAll, ownOf(part, t, 'epsilon', ofAllToo)]
          const tau = rowAt(device, taus, t)
          if (density <= 0) tau.fill(0)
          if (density <= 0 || density >= 1) continue
          const chances = uniforms(seed, model, name, first, tau.length)
          const ranks = rowRanks(whole?.[t] ?? tau, length)
          for (let i = 0; i < tau.length; i++) {
            const rank = length > 1 ? (ranks[first - from + i] ?? 0) / (length - 1) : 0.5
            const p = density - epsilon + 2 * epsilon * rank
            const by = asked.rescale === 'expectation' ? 1 / p : 1
            tau[i] = (chances[i] ?? 0) < p ? by * (tau[i] ?? 0) : 0
          }
        }
      }
    }),
})

const rowOf = (shape: readonly number[]): number => Math.max(1, product(shape.length > 1 ? shape.slice(1) : shape))

/** The whole rows that a part's elements lie in, of every vector: null where they are the part's own. */
async function wholeRowsOf(
  sources: Sources,
  { name, shape, first, count, which }: Part,
): Promise<{ length: number; from: number; whole: Float64Array[] | null }> {
  const length = rowOf(shape)
  const end = first + count
  if (first % length === 0 && end % length === 0) return { length, from: first, whole: null }
  const from = first - (first % length)
  const { vectors: all } = await partAt(sources, name, from, Math.ceil(end / length) * length - from, {})
  return { length, from, whole: which.map((t) => all[t] as Float64Array) }
}

/** Of each element how many of its row have a smaller magnitude; of those as large the earlier is the smaller. */
function rowRanks(tau: Float64Array, length: number): Uint32Array {
  const ranks = new Uint32Array(tau.length)
  for (let row = 0; row < tau.length; row += length) {
    const magnitudes = tau.subarray(row, row + length).map(Math.abs)
    const order = Uint32Array.from(magnitudes, (_, i) => i)
    order.sort((i, j) => (magnitudes[i] ?? 0) - (magnitudes[j] ?? 0) || i - j)
    for (const [rank, i] of order.entries()) ranks[row + i] = rank
  }
  return ranks
}
