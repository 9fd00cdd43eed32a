// How many images are pushed through at a time. When they do not fit into memory the number halves and the whole pass
// is done again, so that every pass has one size from its first image to its last: no gradient counts twice, and a
// resumed run, which begins with the size recorded, goes to the same bits.

import { faultOf, isOutOfMemory, lineOf } from '../../contract/device-faults.ts'
import type { EngineEvent, Halving } from '../../contract/run/run.ts'
import type { Backend } from '../devices/backend.ts'
import type { Architecture } from '../layouts/clip-names.ts'

export interface MicroBatch {
  size: number // images; only ever falls
  untold: Halving[]
}

/**
 * What a configuration says, or what suits the engine: enough rows to keep its products busy, few enough to keep
 * activations below a model's own size. A ViT-B/32 gets 21 images on a CPU, a ViT-L/14 3; a GPU four times as many.
 */
export function microBatchFor(
  configured: number | 'auto',
  { kind }: Pick<Backend, 'kind'>,
  { tokens, width }: Architecture,
): MicroBatch {
  const elements = kind === 'native-gpu' || kind === 'webgpu' ? 4 * busy : busy
  return microBatchOf(configured === 'auto' ? Math.max(1, Math.round(elements / (tokens * width))) : configured)
}

const busy = 820_000 // elements of an activation (rows, width)

export function microBatchOf(size: number): MicroBatch {
  return { size, untold: [] }
}

/**
 * The work of a pass over so many images; it must leave nothing behind when it throws. Throws out-of-memory when one
 * image does not fit.
 */
export async function fitting<T>(
  microBatch: MicroBatch,
  images: number,
  work: (size: number) => Promise<T>,
): Promise<T> {
  for (;;) {
    const size = Math.min(microBatch.size, images)
    try {
      return await work(even(images, size))
    } catch (error) {
      if (size <= 1 || !isOutOfMemory(error)) throw faultOf(error, 'one image at a time')
      const to = Math.floor(size / 2)
      microBatch.untold.push({ from: microBatch.size, to, why: lineOf(error) })
      microBatch.size = to
    }
  }
}

/** At most `most`, all micro-batches of about one size. */
function even(images: number, most: number): number {
  return images === 0 ? most : Math.ceil(images / Math.ceil(images / most))
}

/** Every halving since it was last asked. */
export function* halvings(microBatch: MicroBatch): Generator<EngineEvent> {
  for (let next = microBatch.untold.shift(); next; next = microBatch.untold.shift())
    yield { type: 'micro-batch', ...next }
}
