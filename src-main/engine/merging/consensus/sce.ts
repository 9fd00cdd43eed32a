// SCE (Wan et al., FuseChat, EMNLP 2025): select the elements whose values vary most among the models, calculate each
// model's weight by the energy that it has there, erase the elements of the minority's sign:
//   tau = sum_t omega_t m_t tau_t / sum_t omega_t m_t,   omega_t = mean(tau_t^2) / sum_s mean(tau_s^2)
// of each tensor by itself. Where all energies together are below the floor, the models weigh the same.
import { sce as card } from '../../../contract/merges/consensus/sce.ts'
import { at, element } from '../../../numbers/vectors.ts'
import { type Cut, isAmong, largest } from '../facts/largest.ts'
import { type Region, scoped } from '../facts/region.ts'
import { merge, type Part } from '../merge.ts'
import { elect, electedByZero, weighted } from './agree.ts'

export const sce = merge(card, {
  by: 'slice',
  of: 'all',
  prepare(sources, { density, scope, sign, floor }) {
    const facts = scoped(sources, { scope }, async (region) => {
      const cut = density < 1 ? await cutOf(region, density) : undefined
      const energies: number[] = []
      for await (const part of region.pass())
        for (const [t, tau] of selected(part, cut).entries())
          energies[t] = (energies[t] ?? 0) + tau.reduce((sum, v) => sum + v * v, 0) / region.size
      const total = energies.reduce((a, b) => a + b, 0)
      return { cut, shares: energies.map((v) => (total > floor ? v / total : 1 / energies.length)) }
    })
    return async (part) => {
      const { cut, shares } = await facts(part)
      const taus = selected(part, cut)
      elect(taus, electedByZero(sign, 0))
      const weights = shares.map((share, t) => share * at(part.weights, t))
      const present = taus.map((tau) => tau.map((v) => (v === 0 ? 0 : 1)))
      weighted(taus, weights)
      return [
        (taus[0] as Float64Array).map((_, i) => {
          let [sum, divisor] = [0, 0]
          for (const [t, tau] of taus.entries()) {
            sum += element(tau, i)
            divisor += at(weights, t) * element(at(present, t), i)
          }
          return sum === 0 ? 0 : sum / Math.max(divisor, floor)
        }),
      ]
    }
  },
})

/** Of the elements that vary at all, the share that varies most. */
async function cutOf(region: Region, density: number): Promise<Cut> {
  let varying = 0
  for await (const { vectors } of region.pass()) for (const v of variances(vectors)) if (v !== 0) varying++
  const [[cut] = []] = await largest(
    region,
    ({ vectors }) => [variances(vectors)],
    [[Math.floor(density * varying)]],
    'exact',
  )
  return cut as Cut
}

/** Over the models, of each element. */
function variances(taus: readonly Float64Array[]): Float64Array {
  return (taus[0] ?? new Float64Array()).map((_, i) => {
    const mean = taus.reduce((sum, tau) => sum + element(tau, i), 0) / taus.length
    return taus.reduce((sum, tau) => sum + (element(tau, i) - mean) ** 2, 0) / taus.length
  })
}

/** In place, with 0 where it is not selected. */
function selected(part: Part, cut: Cut | undefined): Float64Array[] {
  const { vectors } = part
  if (!cut) return vectors
  for (const [i, v] of variances(vectors).entries())
    if (!isAmong(cut, part, i, v)) for (const tau of vectors) tau[i] = 0
  return vectors
}
