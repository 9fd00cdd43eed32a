// Random numbers of the elements of a tensor: uniform in [0, 1) of 32 bits, a function of (seed, model, tensor,
// element) and of nothing else, so that a mask depends neither on other tensors or models nor on the slices that are
// read.
import { createHash } from 'node:crypto'

import { philox } from '../../../numbers/random.ts'
import { streamOf } from '../../../numbers/streams.ts'

/** Those of n elements from `first` on; each draw serves four. */
export function uniforms(seed: number, model: string, tensor: string, first: number, n: number): Float64Array {
  const digest = createHash('sha256').update(`${model}\0${tensor}`).digest()
  const [a, b] = [digest.readUInt32LE(0), digest.readUInt32LE(4)]
  const stream = streamOf('masks')
  const out = new Float64Array(n)
  for (let block = Math.floor(first / 4); block * 4 < first + n; block++)
    for (const [k, word] of philox([block >>> 0, Math.floor(block / 2 ** 32), a, b], [seed >>> 0, stream]).entries()) {
      const i = block * 4 + k - first
      if (i >= 0 && i < n) out[i] = word / 2 ** 32
    }
  return out
}
