// Memory that runs out and devices that go away, at every single operation of a step: nothing leaks, no gradient counts
// twice, and what comes out is what a smaller micro-batch would have given from the start.
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { faultOf, isDeviceLost, isOutOfMemory } from '../../../src-main/contract/device-faults.ts'
import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import { objectiveNamed } from '../../../src-main/engine/learning/objective.ts'
import type { Measured, Problem } from '../../../src-main/engine/learning/problem.ts'
import { clipProblem, type TaskSetup } from '../../../src-main/engine/problems/clip-problem.ts'
import { microBatchOf } from '../../../src-main/engine/problems/micro-batch.ts'
import { readTasks } from '../../../src-main/engine/runs/tasks.ts'
import { openStore } from '../../../src-main/engine/weights/device.ts'
import { groupsOf } from '../../../src-main/engine/weights/merge.ts'
import { openParents, type Parents } from '../../../src-main/engine/weights/parents.ts'
import type { VectorStore } from '../../../src-main/engine/weights/vector-store.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { filled } from '../../../src-main/numbers/table.ts'
import { backendsHere } from '../../golden/backends.ts'
import { folder, goldenConfig, relativeError, tasks } from '../../golden/fixture.ts'
import { type FailingOps, failingOps, messages } from '../devices/failing-ops.ts'

const batch = [Int32Array.of(0, 1, 2), Int32Array.of(3, 4), Int32Array.of(5)] // 6 images of three tasks

describe.each(await backendsHere())('on %s', (prefer) => {
  let backend: Backend
  let parents: Parents
  let place: TaskSetup
  let store: VectorStore
  let ops: FailingOps
  let fails: (operation: number) => string | null = () => null
  beforeAll(async () => {
    backend = await openBackend({ prefer })
    ops = failingOps(backend.ops, (n) => fails(n))
    parents = await openParents(
      join(folder, 'pretrained.safetensors'),
      tasks.map((t) => join(folder, `finetuned-${t}.safetensors`)),
      openSource,
    )
    place = {
      tower: { architecture: parents.architecture, ops },
      tasks: await readTasks(goldenConfig('cross-entropy'), parents.architecture, openSource),
      objective: objectiveNamed('cross-entropy'),
      microBatch: microBatchOf(4),
      signal: new AbortController().signal,
    }
    store = await openStore({ ...backend, ops }, parents, 'float32')
  })
  afterAll(async () => {
    store.dispose()
    await parents.close()
    expect(backend.memory().tensors).toBe(0)
    backend.close()
  })

  type Step = Measured & { gradient: Float64Array[] }
  async function step(
    microBatch: number,
    failing: typeof fails = () => null,
  ): Promise<{ step: Step; workplace: TaskSetup }> {
    const workplace = { ...place, microBatch: microBatchOf(microBatch) }
    const problem: Problem = clipProblem(workplace, store, groupsOf(parents, 'tensor'))
    fails = failing
    ops.done = 0
    const found = await problem.lossAndGradient(filled(problem.vectors.length, problem.groups.length, 0.3), batch)
    fails = () => null
    return { step: found, workplace }
  }
  const flat = ({ gradient }: Step): number[] => gradient.flatMap((row) => [...row])

  test('memory full at any operation of a step: half the images, the same loss and gradient, nothing left behind', async () => {
    const before = backend.memory()
    const { step: small } = await step(2)
    await step(4)
    const all = ops.done
    const composing = store.names.length // the first operations; one image less would not help there
    expect(all).toBeGreaterThan(composing + 100)
    for (let n = 0; n < all; n++) {
      const once = (operation: number): string | null => (operation === n ? messages.full : null)
      if (n < composing) {
        const where = 'the weights of the combined model'
        await expect(step(4, once)).rejects.toMatchObject({
          record: { code: 'out-of-memory', where, why: expect.stringContaining('[1600,3072]') },
        })
      } else {
        const { step: halved, workplace } = await step(4, once)
        expect(relativeError(flat(halved), flat(small)), `operation ${n}`).toBeLessThan(1e-6)
        expect(Math.abs(halved.loss / small.loss - 1)).toBeLessThan(1e-6)
        expect(workplace.microBatch).toMatchObject({
          size: 2,
          untold: [{ from: 4, to: 2, why: expect.stringContaining('OOM when') }],
        })
      }
      expect(backend.memory(), `after operation ${n}`).toEqual(before)
    }
  })

  test('a device lost at any operation of a step is an error that says so, and leaves no tensor', async () => {
    const before = backend.memory()
    await step(4)
    const all = ops.done
    for (let n = 0; n < all; n += 3) {
      const lost = step(4, (operation) => (operation >= n ? messages.lost : null))
      await expect(lost).rejects.toMatchObject({
        record: {
          code: 'device-lost',
          why: expect.stringMatching(/^CUDA_ERROR_ILLEGAL_ADDRESS/),
          next: expect.stringContaining('CPU'),
        },
      })
      expect(backend.memory()).toEqual(before)
    }
  })

  test('when not even one image fits, the error names the memory and what would help', async () => {
    const composing = store.names.length
    await expect(step(4, (n) => (n >= composing ? messages.full : null))).rejects.toMatchObject({
      record: {
        code: 'out-of-memory',
        where: 'one image at a time',
        next: expect.stringContaining('compute on the CPU'),
      },
    })
  })
})

test.each([
  ['out-of-memory', messages.full],
  ['out-of-memory', 'Invalid TF_Status: 8\nMessage: failed to allocate memory [Op:Mul]'],
  [
    'out-of-memory',
    'The wasm backend is out of memory: 16777216 bytes more do not fit beside the 4096 MiB in use, of 4096.',
  ],
  ['out-of-memory', 'Array buffer allocation failed'],
  ['out-of-memory', 'failed to alloc 2147483648 bytes: CUDA_ERROR_OUT_OF_MEMORY: out of memory'],
  ['device-lost', messages.lost],
  ['device-lost', 'could not retrieve CUDA device attribute 77: CUDA_ERROR_UNKNOWN'],
  [
    'device-lost',
    'INTERNAL: CUDA error: Failed call to cuInit: CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected',
  ],
  ['device-lost', 'Blas xGEMM launch failed : a.shape=[1,64,64]'],
  ['device-lost', 'failed to create cublas handle: CUBLAS_STATUS_NOT_INITIALIZED'],
  ['device-lost', 'CUDNN_STATUS_EXECUTION_FAILED'],
  [undefined, 'sizes of a sum differ: 3 and 4'],
  [undefined, 'Invalid TF_Status: 3\nMessage: Incompatible shapes: [8] vs. [9]'],
])('%s: "%s"', (code, message) => {
  const error = new Error(message)
  expect((faultOf(error, 'x') as { record?: { code: string } }).record?.code).toBe(code)
  expect([isOutOfMemory(error), isDeviceLost(error)]).toEqual([code === 'out-of-memory', code === 'device-lost'])
})
