// Predictions stream: in micro-batches of any size, and on a device that holds fewer images than it was asked to, they
// are those of one pass.
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { readImages } from '../../../src-main/engine/datasets/tensor-images.ts'
import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import { type Predictions, predict } from '../../../src-main/engine/evaluation/predict.ts'
import { readHead } from '../../../src-main/engine/heads/head-file.ts'
import { type Model, towerModel } from '../../../src-main/engine/models/model.ts'
import { microBatchOf } from '../../../src-main/engine/problems/micro-batch.ts'
import { openCheckpoint } from '../../../src-main/engine/weights/checkpoint.ts'
import { loadCheckpoint } from '../../../src-main/engine/weights/device.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { expected, folder } from '../../golden/fixture.ts'
import { messages } from '../devices/failing-ops.ts'

let backend: Backend
beforeAll(async () => {
  backend = await openBackend({ prefer: 'wasm', threads: 1 })
})
afterAll(() => backend.close())

/** Of the pre-trained model on alpha's images. asked: how many images each pass through the model has. */
async function predicted(
  microBatch: number,
  asked: (images: number) => void = () => undefined,
): Promise<{ told: Predictions; progress: number[] }> {
  const checkpoint = await openCheckpoint(join(folder, 'pretrained.safetensors'), openSource)
  const { architecture } = checkpoint
  const images = await readImages(join(folder, 'tasks.safetensors#alpha'), openSource)
  const head = await readHead(join(folder, 'tasks.safetensors#head.alpha'), openSource)
  const { weights, dispose } = await loadCheckpoint(backend.ops, checkpoint)
  const tower = { architecture, ops: backend.ops }
  const whole = towerModel(tower, weights)
  const model: Model = (patches, keep) => {
    asked(patches.shape[0] / (architecture.tokens - 1))
    return whole(patches, keep)
  }
  const progress: number[] = []
  try {
    const steps = predict(tower, model, head, images, microBatchOf(microBatch), 'predicting')
    for (;;) {
      const step = await steps.next()
      if (step.done) return { told: step.value, progress }
      progress.push(step.value.done)
    }
  } finally {
    dispose()
    await checkpoint.file.source.close()
    expect(backend.memory().tensors).toBe(0)
  }
}

const labels = async (): Promise<Int32Array> =>
  (await readImages(join(folder, 'tasks.safetensors#alpha'), openSource)).labels

test('micro-batches that do not divide the images give what one pass gives, and progress goes over all of them', async () => {
  const [{ told: all }, { told: some, progress }] = [await predicted(96), await predicted(37)]
  expect(progress).toEqual([0, 37, 74])
  expect([...some.predicted]).toEqual([...all.predicted])
  some.confidence.forEach((c, i) => expect(Math.abs(c - (all.confidence[i] as number))).toBeLessThan(1e-4))
  expect(Math.abs(some.loss / all.loss - 1)).toBeLessThan(1e-5)
  const right = (await labels()).filter((label, i) => label === some.predicted[i]).length
  expect(right / 96).toBeCloseTo(expected.accuracy.pretrained.alpha, 14)
})

test('a device that holds 10 images gets them by tens at most, and every image once', async () => {
  const { told: all } = await predicted(96)
  const passed: number[] = []
  const { told } = await predicted(96, (images) => {
    if (images > 10) throw new Error(messages.full)
    passed.push(images)
  })
  expect(passed.reduce((a, b) => a + b, 0)).toBe(96)
  expect([...told.predicted]).toEqual([...all.predicted])
  expect(Math.abs(told.loss / all.loss - 1)).toBeLessThan(1e-5)
})

test('one image that does not fit is said to be out of memory', async () => {
  const full = predicted(4, () => {
    throw new Error(messages.full)
  })
  await expect(full).rejects.toMatchObject({ record: { code: 'out-of-memory' } })
})
