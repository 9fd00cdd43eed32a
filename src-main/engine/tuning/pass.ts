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
import { piecesOf } from './pieces.ts'

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
  return fitting(place.microBatch, indices.length, async () => {
    const spare = place.spare(4 * learner.learned)
    const cut = (whole: TuningBatch): TuningBatch[] => {
      let first = 0
      return piecesOf(whole.indices.length, place.microBatch.size, spare).map((images) => {
        first += images
        return { ...whole, indices: whole.indices.subarray(first - images, first) }
      })
    }
    const pieces = [...cut(lesson.batch), ...(lesson.next ? cut(lesson.next).slice(0, 1) : [])]
    const count = lesson.next ? pieces.length - 1 : pieces.length
    const gradients = madeOf(ops)
    const judge = judgeOf(ops, [place.head], lesson.objective, true)
    const opened = learner.open(lesson.step)
    try {
      for (let p = 0; p < count; p++)
        await pushed(place, learner, opened.model, lesson, [pieces[p] as TuningBatch, pieces[p + 1]], judge, gradients)
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

/** A piece through, and its gradient back; the one behind it is fetched meanwhile. */
async function pushed(
  { tower, images: { training }, signal }: Place,
  learner: Learner,
  model: ReturnType<Learner['open']>['model'],
  { batch, pictures }: Lesson,
  [piece, following]: [TuningBatch, TuningBatch | undefined],
  judge: Judge,
  gradients: Gradients,
): Promise<void> {
  const { ops } = tower
  await setImmediate() // the process stays able to hear "stop" between micro-batches
  signal.throwIfAborted()
  const seen = await pictures.take(piece, following)
  const scope = ops.scope() // running out of memory half-way leaves nothing behind
  try {
    const { features, back } = scope.run(() => model(patchesOf(tower, seen), true))
    const labels = Int32Array.from(piece.indices, (i) => at(training.labels, i))
    const part = { task: 0, first: 0, labels, weight: 1 / batch.indices.length, lessons: [] }
    const dFeatures = await judge.take(features, [part], scope)
    if (back && dFeatures)
      scope.run(() => back(dFeatures, (name, gradient) => learner.back(name, gradient, gradients), learner))
  } finally {
    scope.dispose()
  }
}
