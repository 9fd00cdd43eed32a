// PCB-Merging (Du et al., NeurIPS 2024): what counts in a task vector is what is large within it and agrees with the
// others, and only the top r of that is merged:
//   A = clamp |tau_t| between its quantiles,   P = exp(T minmax(A)^2) tanh(tau_t . sum_s tau_s)
//   scale_t = minmax of P above its (1 - r) quantile,   tau = sum_t scale_t sign(tau_t) A / sum_t scale_t
// of the whole model, or of each tensor. Of numbers that are all the same minmax is 0.
import { pcb as card } from '../../../contract/merges/consensus/pcb.ts'
import { at, element } from '../../../numbers/vectors.ts'
import { atRanks, type Ranked, type Streams } from '../facts/ranks.ts'
import { type Region, scoped } from '../facts/region.ts'
import { merge } from '../merge.ts'
import { massesOf } from './agree.ts'

interface Bounds {
  low: number
  high: number
}

const tail = 1e-4 // of |tau|, at either end

export const pcb = merge(card, {
  by: 'slice',
  of: 'all',
  prepare(sources, { ratio, scope }) {
    const facts = scoped(sources, { scope }, async (region, { vectors: { length } }) => {
      const { size } = region
      const sizes = await bounds(region, length, [Math.trunc(size * tail), Math.trunc(size * (1 - tail) - 1)], (taus) =>
        taus.map((tau) => tau.map(Math.abs)),
      )
      const parts = (taus: readonly Float64Array[]): Float64Array[] => counting(taus, sizes)
      return { sizes, top: await bounds(region, length, [Math.trunc(size * (1 - ratio)), size - 1], parts) }
    })
    return async (part) => {
      const { vectors, weights } = part
      const { sizes, top } = await facts(part)
      const counts = counting(vectors, sizes)
      const scales = counts.map((count, t) => count.map((v) => at(weights, t) * minmax(v, top[t] as Bounds)))
      return [
        (vectors[0] as Float64Array).map((_, i) => {
          let [sum, divisor] = [0, 0]
          for (const [t, tau] of vectors.entries()) {
            const [scale, value] = [element(at(scales, t), i), element(tau, i)]
            sum += scale * Math.sign(value) * clamped(Math.abs(value), sizes[t] as Bounds)
            divisor += scale
          }
          return sum / Math.max(divisor, 1e-12)
        }),
      ]
    }
  },
})

async function bounds(
  region: Region,
  count: number,
  ranks: readonly number[],
  of: (taus: readonly Float64Array[]) => readonly Float64Array[],
): Promise<Bounds[]> {
  const streams: Streams = async function* () {
    for await (const { vectors } of region.pass()) yield of(vectors)
  }
  const found = await atRanks(
    streams,
    Array.from({ length: count }, () => ranks.map((rank) => Math.max(0, rank))),
  )
  return found.map(([low, high]) => ({ low: (low as Ranked).value, high: (high as Ranked).value }))
}

/** P of each vector. */
function counting(taus: readonly Float64Array[], sizes: readonly Bounds[]): Float64Array[] {
  const sums = massesOf(taus)
  return taus.map((tau, t) => {
    const size = sizes[t] as Bounds
    return tau.map((v, i) => {
      const within = minmax(Math.abs(v), size)
      // to float32, as the quantile is that it is held against
      return Math.fround(Math.exp(taus.length * within * within) * Math.tanh(v * element(sums, i)))
    })
  })
}

const clamped = (v: number, { low, high }: Bounds): number => Math.min(Math.max(v, low), Math.max(low, high))

function minmax(v: number, bounds: Bounds): number {
  const { low, high } = bounds
  return high > low ? (clamped(v, bounds) - low) / (high - low) : 0
}
