// TIES (Yadav et al., NeurIPS 2023) on whole models, a slice at a time:
//   trim:  of each vector the `density` n elements of largest |tau| stay, over all its parameters together;
//   elect: gamma_i = sign(sum_t tau_t,i), the sign with the greater mass;
//   merge: tau_i = mean over the vectors with tau_t,i != 0 and sign gamma_i.
// Trimmed vectors by themselves, with the elements of the other sign gone too, are what AdaMerging++ learns
// coefficients of. Memory holds a slice of every model, no model.
import { ties as card } from '../../contract/merges/ties.ts'
import { product } from '../../numbers/vectors.ts'
import { type Checkpoint, readSlice } from '../weights/slices.ts'
import { difference, merge, type Sources } from './merge.ts'

const slice = 2 ** 17 // elements read at a time
const bins = 2 ** 16

/**
 * Of each vector, the least |tau|, as float32, that is among its ceil(density n) largest: found exactly, in two passes.
 */
async function trimThresholds(sources: Sources, density: number): Promise<number[]> {
  const thresholds: number[] = []
  for (const vector of sources.vectors) {
    const high = new Float64Array(bins) // counts by the upper half of |tau|'s bits, which order it
    let n = 0
    for await (const bits of magnitudes(sources, vector))
      for (const word of bits) {
        high[word >>> 16] = (high[word >>> 16] as number) + 1
        n++
      }
    let left = Math.max(1, Math.ceil(density * n))
    const upper = lastBin(high, left)
    left -= high.subarray(upper + 1).reduce((a, b) => a + b, 0)
    const low = new Float64Array(bins)
    for await (const bits of magnitudes(sources, vector))
      for (const word of bits) if (word >>> 16 === upper) low[word & 0xffff] = (low[word & 0xffff] as number) + 1
    const threshold = new Float32Array(
      new Uint32Array([((upper << 16) | lastBin(low, left)) >>> 0]).buffer,
    )[0] as number
    thresholds.push(threshold)
  }
  return thresholds
}

/** The greatest bin such that it and those above hold `wanted` or more. */
function lastBin(counts: Float64Array, wanted: number): number {
  let bin = counts.length - 1
  for (let sum = counts[bin] as number; sum < wanted && bin > 0; ) sum += counts[--bin] as number
  return bin
}

/** |tau| as float32 bits, a slice at a time, good until the next. */
async function* magnitudes(sources: Sources, vector: Checkpoint): AsyncGenerator<Uint32Array> {
  const [theirs, base] = [new Float32Array(slice), new Float32Array(slice)]
  for (const [name, shape] of sources.parameters) {
    const size = product(shape)
    for (let first = 0; first < size; first += slice) {
      const count = Math.min(slice, size - first)
      const tau = await readSlice(vector, name, first, count, theirs)
      const still = await readSlice(sources.base, name, first, count, base)
      for (let i = 0; i < count; i++) tau[i] = Math.abs(difference(tau[i] as number, still[i] as number))
      yield new Uint32Array(tau.buffer, tau.byteOffset, count)
    }
  }
}

/** In place, taus (vectors) of (n): what was trimmed and what has the other sign becomes 0. */
export function trimAndElect(taus: readonly Float64Array[], thresholds: readonly number[]): void {
  const n = taus[0]?.length ?? 0
  for (let i = 0; i < n; i++) {
    let mass = 0
    for (const [t, tau] of taus.entries()) {
      const value = tau[i] as number
      if (Math.fround(Math.abs(value)) < (thresholds[t] as number)) tau[i] = 0
      else mass += value
    }
    for (const tau of taus) if ((tau[i] as number) * mass <= 0) tau[i] = 0
  }
}

/** The mean of what is not 0, (n). */
export function disjointMean(taus: readonly Float64Array[]): Float64Array {
  return (taus[0] as Float64Array).map((_, i) => {
    let [sum, count] = [0, 0]
    for (const tau of taus) {
      sum += tau[i] as number
      if (tau[i] !== 0) count++
    }
    return count ? sum / count : 0
  })
}

export const ties = merge(card, {
  by: 'slice',
  of: 'all',
  async prepare(sources, { density, output }) {
    const thresholds = await trimThresholds(sources, density)
    return ({ vectors }) => {
      trimAndElect(vectors, thresholds)
      return output === 'merged' ? [disjointMean(vectors)] : vectors
    }
  },
})
