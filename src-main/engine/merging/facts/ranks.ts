// Order statistics of more numbers than memory holds, exact to float32: the r-th smallest of a stream is found in two
// passes, by the upper and then the lower half of its bits, which order floats once they are turned (IEEE 754). Ranks
// count from 0, the smallest.

export const bins = 2 ** 16

/** Slices of a few streams of numbers, in step: the same each time that it is asked. */
export type Streams = () => AsyncIterable<readonly ArrayLike<number>[]>

export interface Ranked {
  value: number // float32
  below: number // how many are smaller
  equal: number // how many are as it is
}

/** Of each stream how many of its numbers have each upper half of bits; or, of its upper halves, each lower one. */
export interface Counting {
  upper(): Promise<readonly ArrayLike<number>[]>
  lower(halves: readonly ReadonlySet<number>[]): Promise<readonly ReadonlyMap<number, ArrayLike<number>>[]>
}

/** Of each stream, what lies at its ranks; a rank that the stream does not reach is taken as its last, or first. */
export async function atRanks(streams: Streams | Counting, ranks: readonly (readonly number[])[]): Promise<Ranked[][]> {
  const counting = typeof streams === 'function' ? countingOf(streams, ranks.length) : streams
  const upper = await counting.upper()
  const found = ranks.map((own, s) => own.map((rank) => binOf(upper[s] as ArrayLike<number>, rank)))
  const lower = await counting.lower(found.map((own) => new Set(own.map(({ bin }) => bin))))
  return found.map((own, s) =>
    own.map(({ bin, below, left }) => {
      const counts = lower[s]?.get(bin) as ArrayLike<number>
      const low = binOf(counts, left)
      const equal = counts[low.bin] ?? 0
      return { value: floatOf(((bin << 16) | low.bin) >>> 0), below: below + low.below, equal }
    }),
  )
}

function countingOf(streams: Streams, count: number): Counting {
  const bits = new Bits()
  return {
    async upper() {
      const counts = Array.from({ length: count }, () => new Float64Array(bins))
      for await (const values of streams())
        for (const [s, own] of counts.entries()) countUpper(own, bits.of(values[s] ?? []))
      return counts
    },
    async lower(halves) {
      const counts = halves.map((own) => new Map([...own].map((half) => [half, new Float64Array(bins)])))
      for await (const values of streams())
        for (const [s, own] of counts.entries()) {
          const words = bits.of(values[s] ?? [])
          for (const [half, of] of own) countLower(of, words, half)
        }
      return counts
    },
  }
}

// Loops of their own over arrays of one kind: they see every number of a model.

function countUpper(counts: Float64Array, words: Uint32Array): void {
  for (let i = 0; i < words.length; i++) {
    const bin = (words[i] as number) >>> 16
    counts[bin] = (counts[bin] as number) + 1
  }
}

function countLower(counts: Float64Array, words: Uint32Array, half: number): void {
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as number
    if (word >>> 16 !== half) continue
    const bin = word & 0xffff
    counts[bin] = (counts[bin] as number) + 1
  }
}

/** The bin that holds a rank, how many are below it, and the rank within it. */
function binOf(counts: ArrayLike<number>, rank: number): { bin: number; below: number; left: number } {
  let [bin, below, last] = [0, 0, counts.length - 1]
  while (last > 0 && !((counts[last] ?? 0) > 0)) last--
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
      const word = words[i] as number
      words[i] = word > 0x80000000 ? ~word : word | 0x80000000 // -0 is 0
    }
    return words
  }
}

function floatOf(word: number): number {
  return new Float32Array(new Uint32Array([word & 0x80000000 ? word & 0x7fffffff : ~word]).buffer)[0] as number
}
