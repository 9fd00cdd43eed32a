// DELLA (Deep et al., 2024): each element of a task vector stays by a chance that grows with its magnitude's rank in
// its row, of n elements:
//   p = density - epsilon + 2 epsilon rank / (n - 1),   m ~ Bernoulli(p),   tau_t <- m . tau_t / p
// A row is what one output reads; a bias is one row. A row of one element has the chance of the middle.
import { della as card } from '../../../contract/merges/sparse/della.ts'
import { product } from '../../../numbers/vectors.ts'
import { partAt } from '../facts/region.ts'
import { merge, ownOf, type Part, type Sources } from '../merge.ts'
import { uniforms } from './mask.ts'
import { sparsified } from './sparsified.ts'

export const della = merge(card, {
  by: 'slice',
  of: 'all',
  prepare: (sources, { density: ofAll, epsilon: ofAllToo, seed, ...asked }) =>
    sparsified(sources, asked, { row: rowOf }, async (part) => {
      const { name, first, vectors, models } = part
      const densities = vectors.map((_, t) => ownOf(part, t, 'density', ofAll))
      if (densities.every((density) => density >= 1)) return vectors
      const { length, from, whole } = await rowsOf(sources, part)
      for (const [t, tau] of vectors.entries()) {
        const [density, epsilon] = [densities[t] ?? ofAll, ownOf(part, t, 'epsilon', ofAllToo)]
        if (density <= 0) tau.fill(0)
        if (density <= 0 || density >= 1) continue
        const chances = uniforms(seed, models[t] as string, name, first, tau.length)
        const ranks = rowRanks(whole[t] as Float64Array, length)
        for (let i = 0; i < tau.length; i++) {
          const rank = length > 1 ? (ranks[first - from + i] ?? 0) / (length - 1) : 0.5
          const p = density - epsilon + 2 * epsilon * rank
          const by = asked.rescale === 'expectation' ? 1 / p : 1
          tau[i] = (chances[i] ?? 0) < p ? by * (tau[i] ?? 0) : 0
        }
      }
      return vectors
    }),
})

const rowOf = (shape: readonly number[]): number => Math.max(1, product(shape.length > 1 ? shape.slice(1) : shape))

/** The whole rows that a part's elements lie in, of every vector: read once more, where it does not end with them. */
async function rowsOf(
  sources: Sources,
  { name, shape, first, base, vectors, which }: Part,
): Promise<{ length: number; from: number; whole: Float64Array[] }> {
  const length = rowOf(shape)
  const end = first + base.length
  if (first % length === 0 && end % length === 0) return { length, from: first, whole: vectors }
  const from = first - (first % length)
  const { vectors: all } = await partAt(sources, name, from, Math.ceil(end / length) * length - from, false)
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
