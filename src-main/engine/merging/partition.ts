// aTLAS x K (Zhang et al. 2024, section 5.3): each tensor's elements are dealt out at random to K parts, and every part
// of a vector has coefficients of its own:  tau_t = sum_k m_k . tau_t,  m_k in {0, 1}, sum_k m_k = 1. A vector becomes
// K, so a run has K T rows of coefficients. Vectors (biases, LayerNorm) stay whole, in the first part. The deal is a
// function of (seed, tensor, element), and all vectors of a run share it.
import { partNames } from '../../contract/run/coefficients.ts'
import { philox } from '../../numbers/random.ts'
import { derivedCheckpoint, tauSlice } from '../weights/derived.ts'
import type { WeightSet } from '../weights/parents.ts'
import { type Checkpoint, readSlice } from '../weights/slices.ts'

const stream = 800_000 // of the random numbers

/** In the order vector by vector, part by part. */
export function partitioned(
  { base, vectors, parameters }: Pick<WeightSet, 'base' | 'vectors' | 'parameters'>,
  parts: number,
  seed: number,
): Checkpoint[] {
  const places = new Map([...parameters.keys()].map((name, place) => [name, place]))
  let last: { name: string; deal: Uint8Array } | undefined // all parts of all vectors read a tensor one after the other
  const dealOf = (name: string): Uint8Array => {
    if (last?.name !== name)
      last = { name, deal: dealt(parameters.get(name) as number[], places.get(name) as number, parts, seed) }
    return last.deal
  }
  return vectors.flatMap((vector) =>
    partNames(vector.file.source.name, parts).map((name, part) =>
      derivedCheckpoint({ base, parameters }, name, async (parameter, first, count) => {
        const still = await readSlice(base, parameter, first, count, new Float32Array(count))
        const deal = dealOf(parameter)
        return (await tauSlice(vector, still, parameter, first)).map((v, i) => (deal[first + i] === part ? v : 0))
      }),
    ),
  )
}

/** The part of every element of a tensor; each draw serves four. */
function dealt(shape: readonly number[], place: number, parts: number, seed: number): Uint8Array {
  const deal = new Uint8Array(shape.reduce((a, b) => a * b, 1))
  if (shape.length < 2) return deal
  for (let i = 0; i < deal.length; i += 4)
    for (const [k, word] of philox([i >>> 2, place, 2, 0], [seed >>> 0, stream]).entries())
      deal[i + k] = Math.floor((word / 2 ** 32) * parts)
  return deal
}
