// aTLAS x K (Zhang et al. 2024, section 5.3): each tensor's elements are dealt out at random to K parts, and every part
// of a vector has coefficients of its own:  tau_t = sum_k m_k . tau_t,  m_k in {0, 1}, sum_k m_k = 1. A vector becomes
// K, so a run has K T rows of coefficients. Vectors (biases, LayerNorm) stay whole, in the first part. The deal is a
// function of (seed, tensor, element), and all vectors of a run share it.
import { randomParts as card } from '../../../contract/merges/sparse/random-parts.ts'
import { philox } from '../../../numbers/random.ts'
import { streamOf } from '../../../numbers/streams.ts'
import { product } from '../../../numbers/vectors.ts'
import { merge } from '../merge.ts'

export const randomParts = merge(card, {
  by: 'slice',
  of: 'alone',
  prepare({ parameters }, { parts, seed }) {
    const places = new Map([...parameters.keys()].map((name, place) => [name, place]))
    // all parts of all vectors read a tensor one after the other
    let last: { name: string; deal: Uint8Array } | undefined
    return ({ name, shape, first, vectors: [tau = new Float64Array()] }) => {
      if (last?.name !== name) last = { name, deal: dealt(shape, places.get(name) as number, parts, seed) }
      const { deal } = last
      return Array.from({ length: parts }, (_, part) => () => tau.map((v, i) => (deal[first + i] === part ? v : 0)))
    }
  },
})

/** The part of every element of a tensor; each draw serves four. */
function dealt(shape: readonly number[], place: number, parts: number, seed: number): Uint8Array {
  const deal = new Uint8Array(product(shape))
  if (shape.length < 2) return deal
  const stream = streamOf('parts')
  for (let i = 0; i < deal.length; i += 4)
    for (const [k, word] of philox([i >>> 2, place, 2, 0], [seed >>> 0, stream]).entries())
      deal[i + k] = Math.floor((word / 2 ** 32) * parts)
  return deal
}
