// A step on native TensorFlow as a card has it, in recorded functions: the numbers that the kernels give, a layer for
// few calls, and nothing left behind.
import { createRequire } from 'node:module'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import { objectiveNamed } from '../../../src-main/engine/learning/objective.ts'
import { clipProblem } from '../../../src-main/engine/problems/clip-problem.ts'
import { microBatchOf } from '../../../src-main/engine/problems/micro-batch.ts'
import { readTasks } from '../../../src-main/engine/runs/tasks.ts'
import { openStore } from '../../../src-main/engine/weights/device.ts'
import { groupsOf } from '../../../src-main/engine/weights/merge.ts'
import { openParents, type Parents } from '../../../src-main/engine/weights/parents.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { filled } from '../../../src-main/numbers/table.ts'
import { backendsHere } from '../../golden/backends.ts'
import { folder, goldenConfig, relativeError, tasks } from '../../golden/fixture.ts'

const batch = [Int32Array.of(0, 1, 2), Int32Array.of(3, 4), Int32Array.of(5)] // 6 images of three tasks
const here = (await backendsHere()).includes('native')

describe.runIf(here)('native TensorFlow', () => {
  let parents: Parents
  let addon: { version?: string; countCalls(): number; getNumOfTensors(): number }
  beforeAll(async () => {
    addon = createRequire(import.meta.url)(process.env['BASIL_ADDON'] as string)
    parents = await openParents(
      join(folder, 'pretrained.safetensors'),
      tasks.map((t) => join(folder, `finetuned-${t}.safetensors`)),
      openSource,
    )
  })
  afterAll(() => parents.close())

  /** Three steps at one place: gradient and calls of the last, and how many tensors the library held after each. */
  async function steps(how: 'kernels' | 'functions', precision: 'float32' | 'float16') {
    const backend: Backend = await openBackend({ prefer: 'native', threads: 2, how })
    const store = await openStore(backend, parents, precision)
    const place = {
      tower: { architecture: parents.architecture, ops: backend.ops },
      tasks: await readTasks(goldenConfig('cross-entropy'), parents.architecture, openSource),
      objective: objectiveNamed('cross-entropy'),
      microBatch: microBatchOf(6),
      signal: new AbortController().signal,
    }
    const problem = clipProblem(place, store, groupsOf(parents, 'tensor'))
    const coefficients = filled(problem.vectors.length, problem.groups.length, 0.3)
    const held: number[] = []
    let calls = 0
    let gradient: number[] = []
    for (let step = 0; step < 3; step++) {
      const before = addon.countCalls()
      gradient = (await problem.lossAndGradient(coefficients, batch)).gradient.flatMap((row) => [...row])
      calls = addon.countCalls() - before
      held.push(addon.getNumOfTensors())
    }
    store.dispose()
    const left = backend.memory().tensors
    backend.close()
    return { gradient, calls, held, left, parameters: store.names.length }
  }

  test.each(['float32', 'float16'] as const)('a step in functions, vectors in %s', async (precision) => {
    if (!addon.version) return // an installation from before our addon
    const one = await steps('kernels', precision)
    const other = await steps('functions', precision)
    expect(relativeError(other.gradient, one.gradient)).toBeLessThanOrEqual(1e-4)
    expect(other.left).toBe(0)
    expect(new Set(other.held).size).toBe(1)
    const { layers } = parents.architecture
    const perParameter = other.parameters + Math.ceil(other.parameters / 12)
    expect(other.calls).toBeLessThanOrEqual(perParameter + 2 * layers + 15 + 5 * tasks.length)
    process.stdout.write(`calls of a step, ${layers} layers: ${one.calls} by kernels, ${other.calls} in functions\n`)
  })
})
