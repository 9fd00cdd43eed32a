// What a model says of every image: the class it takes it for, y^ = argmax_c p_c, how sure it is, max_c p_c, and its
// loss -log p_y, with p = softmax(s W u + b). Images stream through in micro-batches, the next ones fetched while these
// are computed; a few bytes an image stay.
import { setImmediate } from 'node:timers/promises'

import { BasilError } from '../../contract/errors.ts'
import type { Progress } from '../../contract/run/run.ts'
import type { Coming, LabelledImages } from '../datasets/images.ts'
import type { Objective } from '../learning/objective.ts'
import type { Tower } from '../models/clip-vit.ts'
import type { Model } from '../models/model.ts'
import { applyHead, type Head } from '../problems/head.ts'
import { fitting, type MicroBatch } from '../problems/micro-batch.ts'
import { featuresOf } from '../problems/patches.ts'

export interface Predictions {
  predicted: Int32Array // (count)
  confidence: Float64Array // (count)
  loss: number // mean
}

/** what: as the progress is called. Throws not-finite naming the image. */
export async function* predict(
  tower: Tower,
  model: Model,
  head: Head,
  images: LabelledImages,
  microBatch: MicroBatch,
  what: string,
): AsyncGenerator<Progress, Predictions> {
  const { count, labels } = images
  const told: Predictions = { predicted: new Int32Array(count), confidence: new Float64Array(count), loss: 0 }
  const fetchFrom = (first: number): Promise<Coming> =>
    images.fetch(Int32Array.from({ length: Math.min(microBatch.size, count - first) }, (_, i) => first + i))
  let coming = await fetchFrom(0)
  for (let done = 0; done < count; ) {
    yield { type: 'progress', what, done, total: count }
    await setImmediate() // the process stays able to hear that nobody listens any more
    const pictures = await coming()
    coming = await fetchFrom(done + pictures.length) // they come while these are computed
    for (let at = 0; at < pictures.length; )
      at += await fitting(microBatch, pictures.length - at, async (size) => {
        const values = await featuresOf(tower, model, pictures.slice(at, at + size))
        const first = done + at
        told.loss += applyHead(
          head,
          listening(told, first),
          values,
          0,
          labels.subarray(first, first + size),
          1 / count,
        ).loss
        return size
      })
    done += pictures.length
  }
  const bad = told.confidence.findIndex((c) => !Number.isFinite(c))
  if (bad >= 0) throw notFinite(images.name(bad))
  return told
}

/** An objective that writes down the log-probabilities it is given for each image in turn, from `first` on. */
function listening({ predicted, confidence }: Predictions, first: number): Objective {
  let at = first
  return {
    name: 'cross-entropy',
    loss: (logProbabilities, label) => {
      let best = 0
      for (let c = 1; c < logProbabilities.length; c++)
        if ((logProbabilities[c] as number) > (logProbabilities[best] as number)) best = c
      predicted[at] = best
      confidence[at++] = Math.exp(logProbabilities[best] as number)
      return -(logProbabilities[label] as number)
    },
  }
}

function notFinite(where: string): BasilError {
  return new BasilError({
    code: 'not-finite',
    what: "The model's feature of an image is not a finite number",
    where,
    why: 'its probabilities are NaN',
    next: 'use a checkpoint whose weights are sound, or correct the image',
  })
}
