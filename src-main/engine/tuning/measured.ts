// Loss and accuracy of a model on all of a split; the loss is the plain cross-entropy, whatever is learned by.
import type { ResolvedTuning } from '../../contract/tuning/config.ts'
import type { LabelledImages } from '../datasets/images.ts'
import type { Measured, Split } from '../learning/problem.ts'
import type { Model } from '../models/model.ts'
import { measureModel } from '../problems/clip-problem.ts'
import { microBatchOf } from '../problems/micro-batch.ts'
import type { Place } from './kind.ts'
import { crossEntropyOf } from './objective.ts'

/** waited: for pixels, counted up. */
export async function measured(
  { task }: ResolvedTuning,
  { tower, head, microBatch, signal }: Place,
  model: Model,
  images: LabelledImages,
  split: Split,
  waited: { seconds: number },
): Promise<{ loss: number; accuracy: number }> {
  const tasks = [{ name: task.name, head, splits: { [split]: images } }]
  const own = microBatchOf(microBatch.size)
  const setup = { tower, tasks, objective: crossEntropyOf(0), microBatch: own, signal, waited }
  const { tasks: found }: Measured = await measureModel(setup, model, split)
  const { loss = Number.NaN, accuracy = Number.NaN } = found[0] ?? {}
  return { loss, accuracy }
}
