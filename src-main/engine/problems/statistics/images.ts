// The images of a task that a merge looks at: N of them, drawn by a seed, and known by their pixels, so that the same
// ones under another path are the same.
import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'

import { BasilError } from '../../../contract/errors.ts'
import { permutation } from '../../../numbers/random.ts'
import { streamOf } from '../../../numbers/streams.ts'
import { at } from '../../../numbers/vectors.ts'
import type { LabelledImages, Picture } from '../../datasets/images.ts'
import type { Tower } from '../../models/clip-vit.ts'
import type { Head } from '../head.ts'
import { fitting, type MicroBatch } from '../micro-batch.ts'

/** A fine-tuned model's own task. */
export interface LookedAt {
  name: string
  model: string // SHA-256 of the fine-tuned model
  head: Head | null // where it is wanted
  images: LabelledImages
}

/** Where it is computed. */
export interface Place {
  tower: Tower
  microBatch: MicroBatch
  signal: AbortSignal
}

export interface Drawn extends LookedAt {
  indices: Int32Array // of the images
  sha256: string // of their pixels, with the labels where these are wanted
}

const hashed = 64 // images at a time

export async function drawn(task: LookedAt, count: number, seed: number, withLabels: boolean): Promise<Drawn> {
  const { images } = task
  const indices = permutation(images.count, seed, streamOf('looked'), 0).slice(0, count)
  const hash = createHash('sha256')
  for (let first = 0; first < indices.length; first += hashed) {
    const some = indices.subarray(first, first + hashed)
    for (const [n, { pixels, channels }] of (await (await images.fetch(some))()).entries())
      hash
        .update(`${channels} ${withLabels ? labelOf(images, at(some, n)) : ''}\n`)
        .update(new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength))
  }
  return { ...task, indices, sha256: hash.digest('hex') }
}

export function labelOf({ labels, name, where }: LabelledImages, i: number): number {
  const label = at(labels, i)
  if (label >= 0) return label
  throw new BasilError({
    code: 'data-invalid',
    what: 'The labels of the images are not known, or are locked until the end',
    where: `${where}: ${name(i)}`,
    why: 'the merge is to look at the likelihood of observed labels',
    next: 'give labelled images that are not the test data, or set labels to sampled',
  })
}

/** Work on `count` images, so many at a time as fit, from `first` on. It must leave nothing behind when it throws. */
export async function inChunks(
  { microBatch, signal }: Place,
  count: number,
  work: (first: number, size: number) => Promise<void>,
): Promise<void> {
  for (let first = 0; first < count; ) {
    await setImmediate() // the process stays able to hear that nobody listens any more
    signal.throwIfAborted()
    const from = first
    first += await fitting(microBatch, count - from, async (size) => {
      await work(from, size)
      return size
    })
  }
}

export async function pictures({ images, indices }: Drawn, first: number, size: number): Promise<Picture[]> {
  return (await images.fetch(indices.subarray(first, first + size)))()
}
