// What a fine-tuning would take, and whether it can: headers of every file are read and held against each other.
import type { ResolvedTuning } from '../../contract/tuning/config.ts'
import { saidOf } from '../../contract/tuning/config.ts'
import type { TuningPlan } from '../../contract/tuning/tuning.ts'
import { type DataHost, describeSomeImages } from '../datasets/open-images.ts'
import { describeHead } from '../heads/head-file.ts'
import { microBatchFor } from '../problems/micro-batch.ts'
import { checkHead, checkSize } from '../runs/tasks.ts'
import { openCheckpoint, useOf } from '../weights/checkpoint.ts'
import { learnedBy, planOf } from './plan.ts'
import { lengthOf } from './schedule.ts'

export async function checkTuning(config: ResolvedTuning, host: DataHost): Promise<TuningPlan> {
  const base = await openCheckpoint(config.pretrained, host.open, undefined, useOf(saidOf(config)))
  try {
    const { architecture } = base
    const { task, others } = config
    checkHead(task, await describeHead(task.head, host.open), architecture)
    const counted = async (path: string | undefined): Promise<{ count: number } | null> => {
      if (path === undefined) return null
      const images = await describeSomeImages(path, architecture.imageSize, host)
      checkSize(images, architecture)
      return images
    }
    const training = (await counted(task.data)) ?? { count: 0 }
    const [validation, test] = [await counted(task.validation), await counted(task.test)]
    const rest: { count: number }[] = []
    for (const path of others) rest.push((await counted(path)) ?? { count: 0 })
    const length = lengthOf(config, training.count)
    const learned = learnedBy(config, architecture)
    const { size } = microBatchFor(config.microBatch, { kind: 'native-cpu' }, architecture)
    const plan = planOf(config, { base, training, validation, others: rest, notes: [] }, length, learned, size)
    return { ...plan, images: { ...plan.images, test: test?.count ?? 0 } }
  } finally {
    await base.file.source.close()
  }
}
