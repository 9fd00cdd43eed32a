// Counter-based random numbers: Philox4x32-10 (Salmon et al., SC 2011). A draw is a function of (seed, stream, counter)
// and of nothing else, so that a run resumed anywhere draws what the unbroken run would have drawn. streams.ts has the
// streams' numbers.
import { swap } from './vectors.ts'

const m0 = 0xd2511f53
const m1 = 0xcd9e8d57

/** Four 32-bit words for a 128-bit counter and a 64-bit key, each given as 32-bit words. */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter
  let [k0, k1] = key
  for (let round = 0; round < 10; round++) {
    const h0 = high(m0, c0)
    const l0 = Math.imul(m0, c0) >>> 0
    const h1 = high(m1, c2)
    const l1 = Math.imul(m1, c2) >>> 0
    ;[c0, c1, c2, c3] = [(h1 ^ c1 ^ k0) >>> 0, l1, (h0 ^ c3 ^ k1) >>> 0, l0]
    k0 = (k0 + 0x9e3779b9) >>> 0
    k1 = (k1 + 0xbb67ae85) >>> 0
  }
  return [c0, c1, c2, c3]
}

/** A uniform number in [0, 1), 53 bits. */
export function uniform(seed: number, stream: number, draw: number, index: number): number {
  const [a, b] = philox([index >>> 0, draw >>> 0, 0, 0], [seed >>> 0, stream >>> 0])
  return ((a >>> 5) * 67108864 + (b >>> 6)) / 9007199254740992
}

/** A normal number of mean 0 and variance 1 (Box-Muller). */
export function normal(seed: number, stream: number, draw: number, index: number): number {
  const [a, b] = philox([index >>> 0, draw >>> 0, 1, 0], [seed >>> 0, stream >>> 0])
  return Math.sqrt(-2 * Math.log((a + 0.5) / 4294967296)) * Math.cos((2 * Math.PI * b) / 4294967296)
}

/** A permutation of 0..n-1 (Fisher-Yates): the draw-th of its stream. */
export function permutation(n: number, seed: number, stream: number, draw: number): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i)
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(uniform(seed, stream, draw, i) * (i + 1))
    swap(order, i, j)
  }
  return order
}

/** The upper 32 bits of a 32 x 32 bit product. */
function high(a: number, b: number): number {
  const ah = a >>> 16
  const al = a & 0xffff
  const bh = b >>> 16
  const bl = b & 0xffff
  const middle = ah * bl + ((al * bl) >>> 16)
  const low = al * bh + (middle & 0xffff)
  return (ah * bh + Math.floor(middle / 65536) + Math.floor(low / 65536)) >>> 0
}
