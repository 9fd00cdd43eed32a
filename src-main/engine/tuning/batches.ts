// Which images a step learns on, a function of (seed, step): each epoch's own permutation, from the front; and their
// pixels, of which what comes next is fetched while the engine computes.
import { permutation } from '../../numbers/random.ts'
import { passOf, streamOf } from '../../numbers/streams.ts'
import type { Coming, LabelledImages, Picture } from '../datasets/images.ts'
import type { Length } from './schedule.ts'

export interface TuningBatch {
  indices: Int32Array
  pass: number // of the training over its images: crops and flips are drawn by it
}

export function batchOf(
  step: number,
  images: number,
  batch: number,
  { stepsPerEpoch }: Length,
  seed: number,
): TuningBatch {
  const epoch = Math.floor(step / stepsPerEpoch)
  const order = permutation(images, seed, streamOf('batches', { stage: 0, task: 0 }), epoch)
  const first = (step % stepsPerEpoch) * batch
  return { indices: order.slice(first, Math.min(images, first + batch)), pass: passOf(0, epoch) }
}

/** Fetches ahead, one piece at a time. waited: counted up, in seconds. */
export function ahead(images: LabelledImages, waited: { seconds: number }) {
  let coming: { key: string; pictures: Coming } | undefined
  const set = async ({ indices, pass }: TuningBatch): Promise<Coming> => images.fetch(indices, pass)
  const keyOf = ({ indices, pass }: TuningBatch): string => `${pass} ${indices.join()}`
  return {
    /** The pictures of a piece; `next` is set about, where there is one. */
    async take(piece: TuningBatch, next: TuningBatch | undefined): Promise<Picture[]> {
      const began = performance.now()
      const key = keyOf(piece)
      const own = coming?.key === key ? coming.pictures : await set(piece)
      const pictures = await own()
      waited.seconds += (performance.now() - began) / 1000
      coming = next && { key: keyOf(next), pictures: await set(next) }
      return pictures
    },
  }
}
