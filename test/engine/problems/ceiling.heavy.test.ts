// Wasm's real 4 GiB: a run whose activations do not fit halves its micro-batch and succeeds, and memory that is full is
// a typed error before anything is overwritten (stock tfjs writes to address 0 there).
import { afterAll, beforeAll, expect, test } from 'vitest'

import { isOutOfMemory } from '../../../src-main/contract/device-faults.ts'
import type { EngineEvent } from '../../../src-main/contract/run/run.ts'
import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import { type Tensor, tf } from '../../../src-main/engine/devices/tf.ts'
import { objectiveNamed } from '../../../src-main/engine/learning/objective.ts'
import { clipProblem } from '../../../src-main/engine/problems/clip-problem.ts'
import { microBatchOf } from '../../../src-main/engine/problems/micro-batch.ts'
import { run } from '../../../src-main/engine/runs/run.ts'
import { readTasks } from '../../../src-main/engine/runs/tasks.ts'
import { openStore } from '../../../src-main/engine/weights/device.ts'
import { groupsOf } from '../../../src-main/engine/weights/merge.ts'
import { openParents } from '../../../src-main/engine/weights/parents.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { filled } from '../../../src-main/numbers/table.ts'
import { hostOf } from '../runs/host.ts'
import { randomProject } from '../runs/random-project.ts'

let backend: Backend
beforeAll(async () => {
  backend = await openBackend({ prefer: 'wasm' })
})
afterAll(() => backend.close())

// 0.25 MB of activations an image, where all is computed again that can be
const size = { width: 32, layers: 16, imageSize: 32, patchSize: 4 }

test('600 images do not fit into what is left of 4 GiB, fewer do: the run halves its micro-batch and is done', async () => {
  const ballast = Array.from({ length: 31 }, (_, i) => tf.fill([2 ** 25], i)) // leaves 120 MB
  const { config, dispose } = await randomProject(size, 600)
  const host = hostOf(backend)
  const events: EngineEvent[] = []
  for await (const event of run(config, host)) events.push(event)
  const halvings = events.filter((e) => e.type === 'micro-batch')
  expect(halvings[0]).toMatchObject({ from: 600, to: 300 })
  for (const { why } of halvings) expect(why).toMatch(/^The wasm backend is out of memory: \d+ bytes more do not fit/)
  expect(events.at(-1)).toMatchObject({ type: 'finished', stopped: false })
  expect(backend.memory().tensors).toBe(ballast.length)
  tf.dispose(ballast)
  dispose()
})

test('full memory is an out-of-memory error; what was there is as it was, and with room again so are the results', async () => {
  const { config, dispose } = await randomProject(size, 8)
  const parents = await openParents(config.pretrained, config.vectors, openSource)
  const store = await openStore(backend, parents, 'float32')
  const place = {
    tower: { architecture: parents.architecture, ops: backend.ops },
    tasks: await readTasks(config, parents.architecture, openSource),
    objective: objectiveNamed('cross-entropy'),
    microBatch: microBatchOf(8),
    signal: new AbortController().signal,
  }
  const problem = clipProblem(place, store, groupsOf(parents, 'tensor'))
  const step = () =>
    problem.lossAndGradient(filled(1, problem.groups.length, 0.3), [Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7)])
  const before = await step()
  const ballast = fillUp()
  const tensors = backend.memory().tensors
  await expect(step()).rejects.toMatchObject({
    record: {
      code: 'out-of-memory',
      why: expect.stringContaining('of 4096'),
      next: expect.stringContaining('basil engine install'),
    },
  })
  expect(backend.memory().tensors).toBe(tensors)
  for (const [i, tensor] of ballast.entries()) {
    const values = tensor.dataSync()
    for (let at = 0; at < values.length; at += 1023)
      if (values[at] !== i) expect.fail(`tensor ${i} was overwritten at ${at}`)
    expect(values.at(-1)).toBe(i)
  }
  tf.dispose(ballast)
  place.microBatch.size = 8
  expect(await step()).toEqual(before)
  store.dispose()
  await parents.close()
  dispose()
})

/** Tensors of ever smaller size, each full of its own number, until not even 4 KB more fit. */
function fillUp(): Tensor[] {
  const found: Tensor[] = []
  for (let length = 2 ** 25; length >= 2 ** 10; )
    try {
      found.push(tf.fill([length], found.length))
    } catch (error) {
      expect(isOutOfMemory(error), String(error)).toBe(true)
      length /= 2
    }
  return found
}
