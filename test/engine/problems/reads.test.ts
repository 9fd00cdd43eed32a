// A step never waits for the device but where it must: for each micro-batch's features, where heads are the host's, and
// once at its end for all inner products, and what a head on the device tells. And pictures of several kinds go to the
// device as what they are.
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { Picture } from '../../../src-main/engine/datasets/images.ts'
import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import type { Images } from '../../../src-main/engine/devices/ops.ts'
import { tf } from '../../../src-main/engine/devices/tf.ts'
import { objectiveNamed } from '../../../src-main/engine/learning/objective.ts'
import { clipProblem } from '../../../src-main/engine/problems/clip-problem.ts'
import { microBatchOf } from '../../../src-main/engine/problems/micro-batch.ts'
import { patchesOf } from '../../../src-main/engine/problems/patches.ts'
import { readTasks } from '../../../src-main/engine/runs/tasks.ts'
import { openStore } from '../../../src-main/engine/weights/device.ts'
import { groupsOf } from '../../../src-main/engine/weights/merge.ts'
import { openParents, type Parents } from '../../../src-main/engine/weights/parents.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { filled } from '../../../src-main/numbers/table.ts'
import { backendsHere } from '../../golden/backends.ts'
import { folder, goldenConfig, tasks } from '../../golden/fixture.ts'
import { type FailingOps, failingOps } from '../devices/failing-ops.ts'

const batch = [Int32Array.of(0, 1, 2), Int32Array.of(3, 4), Int32Array.of(5)] // 6 images of three tasks
const everywhere = Number.POSITIVE_INFINITY

describe.each(await backendsHere())('on %s', (prefer) => {
  let backend: Backend
  let parents: Parents
  let ops: FailingOps
  let asked: { name: string; given: readonly unknown[] }[] = []
  beforeAll(async () => {
    backend = await openBackend({ prefer })
    ops = failingOps(backend.ops, (_, name, given) => {
      asked.push({ name, given })
      return null
    })
    parents = await openParents(
      join(folder, 'pretrained.safetensors'),
      tasks.map((t) => join(folder, `finetuned-${t}.safetensors`)),
      openSource,
    )
  })
  afterAll(async () => {
    await parents.close()
    backend.close()
  })

  test.each([
    ['on the device', everywhere, everywhere, false],
    ['with the host', 1e6, everywhere, false],
    ['in files', 0, 0, false],
    ['on the device, linearised', everywhere, everywhere, true],
  ])(
    'vectors %s: a step of three micro-batches reads features for heads on the host alone, and once at its end',
    async (...row) => {
      const [, deviceBytes, hostBytes, linearised] = row
      const poor: Backend = { ...backend, ops, deviceBytes: () => deviceBytes, hostBytes: () => hostBytes }
      const place = {
        tower: { architecture: parents.architecture, ops },
        tasks: await readTasks(goldenConfig('cross-entropy'), parents.architecture, openSource),
        objective: objectiveNamed('cross-entropy'),
        microBatch: microBatchOf(2),
        signal: new AbortController().signal,
      }
      const store = await openStore(poor, parents, 'float32')
      const problem = clipProblem(place, store, groupsOf(parents, 'tensor'), linearised)
      const { dataSync } = tf.Tensor.prototype
      tf.Tensor.prototype.dataSync = () => expect.fail('a number was waited for')
      asked = []
      await problem.lossAndGradient(filled(problem.vectors.length, problem.groups.length, 0.3), batch)
      tf.Tensor.prototype.dataSync = dataSync
      const names = asked.map(({ name }) => name)
      expect(names.filter((name) => name === 'read')).toHaveLength(backend.kind === 'webgpu' ? 0 : 3)
      expect(names.filter((name) => name === 'readDots')).toHaveLength(1)
      expect(names.lastIndexOf('readDots')).toBe(names.length - 1)
      store.dispose()
      expect(backend.memory().tensors).toBe(0)
    },
  )

  test('bytes stay bytes on their way, and pictures of several kinds keep their order', async () => {
    const size = 8
    const tower = { architecture: { imageSize: size, patchSize: 4 }, ops }
    const bytes = (channels: 1 | 3, step: number): Picture => ({
      channels,
      pixels: Uint8Array.from({ length: channels * size * size }, (_, i) => i * step),
    })
    const floats: Picture = { channels: 3, pixels: Float32Array.from({ length: 3 * size * size }, (_, i) => i / 7) }
    const pictures = [bytes(3, 1), bytes(3, 2), bytes(1, 3), floats, bytes(3, 5)]
    asked = []
    const together = patchesOf(tower, pictures)
    const sent = asked.filter(({ name }) => name === 'patches').map(({ given }) => given[0] as Images)
    expect(sent.map(({ pixels, channels }) => [pixels.length, channels, pixels[0]?.constructor.name])).toEqual([
      [2, 3, 'Uint8Array'],
      [1, 1, 'Uint8Array'],
      [1, 3, 'Float32Array'],
      [1, 3, 'Uint8Array'],
    ])
    const alone: number[] = []
    for (const picture of pictures) {
      const patches = patchesOf(tower, [picture])
      alone.push(...(await ops.read(patches)))
      patches.dispose()
    }
    expect([...(await ops.read(together))]).toEqual(alone)
    expect(alone[0]).toBe(Math.fround(-0.48145466 / 0.26862954)) // black, of the red channel
    together.dispose()
    expect(backend.memory().tensors).toBe(0)
  })
})
