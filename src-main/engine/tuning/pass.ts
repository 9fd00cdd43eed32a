// The loss of a batch and its gradient by what is learned: images pushed through in micro-batches, each loss a share of
// the mean, so that their sum is the batch's whatever the size of a micro-batch.
import { setImmediate } from 'node:timers/promises'

import { at } from '../../numbers/vectors.ts'
import type { Objective } from '../learning/objective.ts'
import { type Judge, judgeOf } from '../problems/judge.ts'
import { fitting } from '../problems/micro-batch.ts'
import { patchesOf } from '../problems/patches.ts'
import type { ahead, TuningBatch } from './batches.ts'
import { type Gradients, gradients as madeOf } from './gradients.ts'
import type { Learner, Place } from './kind.ts'

export interface Lesson {
  step: number
  batch: TuningBatch
  next: TuningBatch | undefined // to be fetched by the end
  objective: Objective
  pictures: ReturnType<typeof ahead>
}

/** The mean loss. The gradients are the caller's, and none are left where it throws. */
export async function lossAndGradient(
  place: Place,
  learner: Learner,
  lesson: Lesson,
): Promise<{ loss: number; gradients: Gradients }> {
  const { ops } = place.tower
  const { indices } = lesson.batch
  return fitting(place.microBatch, indices.length, async (size) => {
    const gradients = madeOf(ops)
    const judge = judgeOf(ops, [place.head], lesson.objective, true)
    const opened = learner.open(lesson.step)
    try {
      for (let first = 0; first < indices.length; first += size)
        await piece(place, learner, opened.model, lesson, { first, size }, judge, gradients)
      const untold = judge.untold()
      if (untold.length > 0) judge.tell(await ops.readDots(untold))
      return { loss: at(judge.sums.losses, 0), gradients }
    } catch (error) {
      gradients.dispose()
      throw error
    } finally {
      opened.close()
      judge.dispose()
    }
  })
}

async function piece(
  { tower, images: { training }, signal }: Place,
  learner: Learner,
  model: ReturnType<Learner['open']>['model'],
  { batch, next, pictures }: Lesson,
  { first, size }: { first: number; size: number },
  judge: Judge,
  gradients: Gradients,
): Promise<void> {
  const { ops } = tower
  const { indices, pass } = batch
  await setImmediate() // the process stays able to hear "stop" between micro-batches
  signal.throwIfAborted()
  const some = indices.subarray(first, first + size)
  const following = indices.subarray(first + size, first + 2 * size)
  const coming =
    following.length > 0 ? { indices: following, pass } : next && { ...next, indices: next.indices.slice(0, size) }
  const seen = await pictures.take({ indices: some, pass }, coming)
  const scope = ops.scope() // running out of memory half-way leaves nothing behind
  try {
    const { features, back } = scope.run(() => model(patchesOf(tower, seen), true))
    const labels = Int32Array.from(some, (i) => at(training.labels, i))
    const part = { task: 0, first: 0, labels, weight: 1 / indices.length, lessons: [] }
    const dFeatures = await judge.take(features, [part], scope)
    if (back && dFeatures)
      scope.run(() => back(dFeatures, (name, gradient) => learner.back(name, gradient, gradients), learner))
  } finally {
    scope.dispose()
  }
}
