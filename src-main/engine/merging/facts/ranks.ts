// Order statistics of more numbers than memory holds, exact to float32: the r-th smallest of a stream is found in two
// passes, by the upper and then the lower half of its bits, which order floats once they are turned (IEEE 754). Ranks
// count from 0, the smallest.
import { add } from '../../../numbers/vectors.ts'

const bins = 2 ** 16

/** Slices of a few streams of numbers, in step: the same each time that it is asked. */
export type Streams = () => AsyncIterable<readonly ArrayLike<number>[]>

export interface Ranked {
  value: number // float32
  below: number // how many are smaller
  equal: number // how many are as it is
}

/** Of each stream, what lies at its ranks; a rank that the stream does not reach is taken as its last, or first. */
export async function atRanks(streams: Streams, ranks: readonly (readonly number[])[]): Promise<Ranked[][]> {
  const upper = ranks.map(() => new Float64Array(bins))
  const bits = new Bits()
  for await (const values of streams())
    for (const [s, counts] of upper.entries()) for (const word of bits.of(values[s] ?? [])) add(counts, word >>> 16)
  const found = ranks.map((own, s) => own.map((rank) => binOf(upper[s] as Float64Array, rank)))
  const lower = found.map((own) => new Map(own.map(({ bin }) => [bin, new Float64Array(bins)])))
  for await (const values of streams())
    for (const [s, counts] of lower.entries())
      for (const word of bits.of(values[s] ?? [])) {
        const own = counts.get(word >>> 16)
        if (own) add(own, word & 0xffff)
      }
  return found.map((own, s) =>
    own.map(({ bin, below, left }) => {
      const counts = lower[s]?.get(bin) as Float64Array
      const low = binOf(counts, left)
      const equal = counts[low.bin] ?? 0
      return { value: floatOf(((bin << 16) | low.bin) >>> 0), below: below + low.below, equal }
    }),
  )
}

/** The bin that holds a rank, how many are below it, and the rank within it. */
function binOf(counts: Float64Array, rank: number): { bin: number; below: number; left: number } {
  let [bin, below] = [0, 0]
  const last = counts.findLastIndex((count) => count > 0)
  while (bin < last && below + (counts[bin] ?? 0) <= rank) below += counts[bin++] ?? 0
  return { bin, below, left: Math.max(0, rank - below) }
}

/** Of numbers as float32 the bits, turned so that they are in the numbers' order; good until the next are asked. */
class Bits {
  #floats = new Float32Array(0)

  of(values: ArrayLike<number>): Uint32Array {
    if (this.#floats.length < values.length) this.#floats = new Float32Array(values.length)
    const floats = this.#floats.subarray(0, values.length)
    floats.set(values)
    const words = new Uint32Array(floats.buffer, 0, values.length)
    for (let i = 0; i < words.length; i++) {
      const word = words[i] ?? 0
      words[i] = word > 0x80000000 ? ~word : word | 0x80000000 // -0 is 0
    }
    return words
  }
}

function floatOf(word: number): number {
  return new Float32Array(new Uint32Array([word & 0x80000000 ? word & 0x7fffffff : ~word]).buffer)[0] as number
}
