// Which images of a split are taken, as positions in it.
//   the field's validation split   torch's random_split of n images into [n - v, v], v = min(floor(n / 10), 5000),
//   generator seed 0:
//                                  the first n - v of its permutation are the training images, the last v the
//                                  validation images
//   one of two halves              the same way, of [ceil(n / 2), floor(n / 2)] and a seed of its own: to learn on one
//   and select on the other
//   k images a class, n images     ours: the first of a permutation of Basil's own generator, so that 4 shots are among
//   the 8 of the same seed
// What is drawn by torch keeps torch's order; what is drawn by us keeps the order it is drawn from.

import { permutation } from '../../../numbers/random.ts'
import { streamOf } from '../../../numbers/streams.ts'
import { at, taken } from '../../../numbers/vectors.ts'
import type { ImagesSpec } from '../spec.ts'
import { torchPermutation } from './twister.ts'

const fieldShare = 0.1
const fieldMost = 5000
const fieldSeed = 0

/** The field's training and validation positions of n images. */
export function fieldSplit(n: number): { train: Uint32Array; val: Uint32Array } {
  const v = Math.min(Math.floor(n * fieldShare), fieldMost)
  const [train, val] = randomSplit(n, n - v, fieldSeed)
  return { train, val }
}

/** torch.utils.data.random_split(range(n), [first, n - first], torch.Generator().manual_seed(seed)). */
export function randomSplit(n: number, first: number, seed: number): [Uint32Array, Uint32Array] {
  const order = torchPermutation(n, seed)
  return [order.subarray(0, first), order.subarray(first)]
}

/**
 * Which of the images with these labels a configuration asks for, as positions, and how in words; null: all of them.
 */
export function asked(labels: Int32Array, spec: ImagesSpec): { positions: Uint32Array; words: string[] } | null {
  const { half, shots: k, n, seed } = spec
  if (half === null && k === null && n === null) return null
  const base =
    half === null ? Uint32Array.from(labels, (_, i) => i) : (halves(labels.length, seed)[half - 1] as Uint32Array)
  const words = half === null ? [] : [`half ${half} of 2, by torch.random_split, seed ${seed}`]
  if (k === null && n === null) return { positions: base, words }
  const own = taken(labels, base)
  const positions = among(base, k === null ? sample(base.length, n ?? base.length, seed) : shots(own, k, seed))
  return { positions, words: [...words, `${k === null ? `${n} images` : `${k} images a class`}, seed ${seed}`] }
}

/** Two halves of n images by torch, as positions; the first has one more where n is odd. */
export function halves(n: number, seed: number): [Uint32Array, Uint32Array] {
  return randomSplit(n, Math.ceil(n / 2), seed)
}

/** At most k of each class, of images with these labels. */
export function shots(labels: ArrayLike<number>, k: number, seed: number): Uint32Array {
  const counts = new Map<number, number>()
  const chosen = permutation(labels.length, seed, streamOf('shots'), 0).filter((i) => {
    const label = at(labels, i)
    const before = counts.get(label) ?? 0
    if (before >= k) return false
    counts.set(label, before + 1)
    return true
  })
  return Uint32Array.from(chosen).sort()
}

/** At most n of count. */
export function sample(count: number, n: number, seed: number): Uint32Array {
  return Uint32Array.from(permutation(count, seed, streamOf('subset'), 0).subarray(0, n)).sort()
}

/** from[positions]. */
export function among(from: Uint32Array, positions: Uint32Array): Uint32Array {
  return positions.map((p) => at(from, p))
}
