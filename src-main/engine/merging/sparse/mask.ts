// Random numbers of the elements of a tensor: uniform in [0, 1) of 32 bits, a function of (seed, model, tensor,
// element) and of nothing else, so that a mask depends neither on other tensors or models nor on the slices that are
// read. Word (i mod 4) of Philox at (floor(i / 4), name) is element i's.
import { createHash } from 'node:crypto'

import { philox } from '../../../numbers/random.ts'
import { streamOf } from '../../../numbers/streams.ts'

export const masks = streamOf('masks')

/** Two words that a model's tensor is known by. */
export function nameWords(model: string, tensor: string): [number, number] {
  const digest = createHash('sha256').update(`${model}\0${tensor}`).digest()
  return [digest.readUInt32LE(0), digest.readUInt32LE(4)]
}

/** Those of n elements from `first` on; each draw serves four. */
export function uniforms(seed: number, model: string, tensor: string, first: number, n: number): Float64Array {
  const [a, b] = nameWords(model, tensor)
  const out = new Float64Array(n)
  for (let block = Math.floor(first / 4); block * 4 < first + n; block++)
    for (const [k, word] of philox([block >>> 0, Math.floor(block / 2 ** 32), a, b], [seed >>> 0, masks]).entries()) {
      const i = block * 4 + k - first
      if (i >= 0 && i < n) out[i] = word / 2 ** 32
    }
  return out
}
