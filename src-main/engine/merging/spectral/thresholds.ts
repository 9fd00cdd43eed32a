// The magnitude that a share of numbers has at least: of an array, or of many that are seen one after the other, twice.

import { at } from '../../../numbers/vectors.ts'

/** The least |x| of the floor(density n) largest, or of the largest; what is 0 is never among them. */
export function trimThreshold(x: Float64Array, density: number): number {
  const sizes = x.map(Math.abs).sort()
  const least = sizes[sizes.length - Math.max(1, Math.floor(density * sizes.length))] ?? 0
  return least > 0 ? least : Number.MIN_VALUE
}

const BINS = 2 ** 16

/** As float32, whose bits order magnitudes: looked at once by their upper half, once by their lower. */
export class Magnitudes {
  readonly #density: number
  readonly #counts = new Float64Array(BINS)
  readonly #words = new Uint32Array(1)
  readonly #floats = new Float32Array(this.#words.buffer)
  #seen = 0
  #left = 0
  #upper = -1
  threshold = Number.MIN_VALUE

  constructor(density: number) {
    this.#density = density
  }

  add(x: Float64Array): void {
    for (const value of x) {
      this.#floats[0] = Math.abs(value)
      const word = at(this.#words, 0)
      if (this.#upper < 0) this.#counts[word >>> 16] = at(this.#counts, word >>> 16) + 1
      else if (word >>> 16 === this.#upper) this.#counts[word & 0xffff] = at(this.#counts, word & 0xffff) + 1
    }
    this.#seen += x.length
  }

  /** All were seen. */
  next(): void {
    if (this.#upper < 0) this.#left = Math.max(1, Math.floor(this.#density * this.#seen))
    let bin = BINS - 1
    for (let sum = at(this.#counts, bin); sum < this.#left && bin > 0; ) {
      this.#left -= at(this.#counts, bin)
      sum = at(this.#counts, --bin)
    }
    if (this.#upper < 0) this.#upper = bin
    else {
      this.#words[0] = ((this.#upper << 16) | bin) >>> 0
      // as float64 numbers round to it that lie half a step below
      const least = at(this.#floats, 0) * (1 - 2 ** -24)
      this.threshold = least > 0 ? least : Number.MIN_VALUE
    }
    this.#counts.fill(0)
  }
}
