// Which images a step uses: a function of (seed, stage, epoch), so that a resumed stage draws what the unbroken one
// did.
import { permutation } from '../../numbers/random.ts'
import { passOf, streamOf } from '../../numbers/streams.ts'
import type { Batch, BatchTime } from './problem.ts'
import { lengthOf, type Stage } from './stage.ts'

/** Some images of each task at the moment of a batch. */
export function batchOf(images: Int32Array[], { pass, progress }: BatchTime, lessons?: Batch['lessons']): Batch {
  return Object.assign(images, {
    ...(pass !== undefined && { pass }),
    ...(progress !== undefined && { progress }),
    ...(lessons && { lessons }),
  })
}

/**
 * The images of a step: every task's own permutation of the epoch, from the front; longer tasks use a part of theirs.
 */
export function batchAt(stage: Stage, step: number): Batch {
  const { problem, batch, seed, index } = stage
  const { stepsPerEpoch, epochs } = lengthOf(stage)
  const epoch = Math.floor(step / stepsPerEpoch)
  const images = problem.trainingCounts.map((count, task) => {
    if (batch === 'all') return Int32Array.from({ length: count }, (_, i) => i)
    const order = permutation(count, seed, streamOf('batches', { stage: index, task }), epoch)
    const first = (step % stepsPerEpoch) * batch
    return order.slice(first, Math.min(first + batch, count))
  })
  const progress = Math.min(1, epoch / Math.max(1, epochs - 1))
  return batchOf(images, { pass: passOf(index, epoch), progress })
}
