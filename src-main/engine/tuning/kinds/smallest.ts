// The weights of least score, over all tensors together: of those that a mask has left, at most `count` stay, and all
// that are as small as the last of them. Scores are float32 and not negative, so their bits are in the order of their
// values: the upper 16 are counted, then the lower of those that share the last one's upper.
import { add, at } from '../../../numbers/vectors.ts'

const half = 2 ** 16

/** In place: masks are 1 where a weight is left. */
export function smallest(
  scores: ReadonlyMap<string, Float32Array>,
  masks: ReadonlyMap<string, Uint8Array>,
  count: number,
): void {
  const upper = new Float64Array(half)
  eachLeft(scores, masks, (bits) => add(upper, bits >>> 16))
  const left = upper.reduce((sum, n) => sum + n, 0)
  if (count >= left) return
  const high = rankIn(upper, count)
  const lower = new Float64Array(half)
  eachLeft(scores, masks, (bits) => {
    if (bits >>> 16 === high.bin) add(lower, bits & 0xffff)
  })
  const low = rankIn(lower, count - high.below)
  const greatest = high.bin * half + low.bin
  for (const [name, mask] of masks) {
    const bits = bitsOf(scores.get(name) as Float32Array)
    for (let i = 0; i < mask.length; i++) if (count === 0 || at(bits, i) > greatest) mask[i] = 0
  }
}

function eachLeft(
  scores: ReadonlyMap<string, Float32Array>,
  masks: ReadonlyMap<string, Uint8Array>,
  see: (bits: number) => void,
): void {
  for (const [name, mask] of masks) {
    const bits = bitsOf(scores.get(name) as Float32Array)
    for (let i = 0; i < mask.length; i++) if (at(mask, i) === 1) see(at(bits, i))
  }
}

const bitsOf = ({ buffer, byteOffset, length }: Float32Array): Uint32Array =>
  new Uint32Array(buffer, byteOffset, length)

/** The bin in which the count-th lies, and how many lie below it. */
function rankIn(counts: Float64Array, count: number): { bin: number; below: number } {
  let below = 0
  for (let bin = 0; bin < counts.length; bin++) {
    const next = below + at(counts, bin)
    if (next >= count) return { bin, below }
    below = next
  }
  return { bin: counts.length - 1, below }
}

/** mask becomes 1 where a value is among the `count` largest in magnitude, or as large as the last of them, else 0. */
export function largest(values: Float32Array, count: number, mask: Float32Array): void {
  const out = new Uint8Array(values.length).fill(1)
  // The smallest are found of what lies below 0 in the order of bits: the complement of a magnitude's.
  const turned = new Float32Array(values.length)
  const [bits, own] = [bitsOf(turned), bitsOf(values)]
  for (let i = 0; i < values.length; i++) bits[i] = 0x7fffffff - (at(own, i) & 0x7fffffff)
  smallest(new Map([['all', turned]]), new Map([['all', out]]), count)
  mask.set(out)
}
