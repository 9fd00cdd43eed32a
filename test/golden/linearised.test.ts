// Linearised models, f_lin(x; theta) = f(x; theta_pre) + J(x; theta_pre) (theta - theta_pre), against the oracle on
// every backend this machine has: by forward mode, and on precomputed features. The two paths are one model.
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { collapse } from '../../src-main/contract/run/coefficients.ts'
import type { ResolvedConfig } from '../../src-main/contract/run/config.ts'
import { type Backend, openBackend } from '../../src-main/engine/devices/backend.ts'
import type { Tensor } from '../../src-main/engine/devices/tensor.ts'
import { fromDifferenceVector } from '../../src-main/engine/learning/difference-vector.ts'
import { objectiveNamed } from '../../src-main/engine/learning/objective.ts'
import type { Problem } from '../../src-main/engine/learning/problem.ts'
import { linearModel } from '../../src-main/engine/models/model.ts'
import { microBatchOf } from '../../src-main/engine/problems/micro-batch.ts'
import { featuresOf } from '../../src-main/engine/problems/patches.ts'
import { openProblem } from '../../src-main/engine/runs/open-problem.ts'
import { readTasks } from '../../src-main/engine/runs/tasks.ts'
import { openStore } from '../../src-main/engine/weights/device.ts'
import { groupsOf } from '../../src-main/engine/weights/merge.ts'
import { openParents, type Parents } from '../../src-main/engine/weights/parents.ts'
import { hashFile } from '../../src-main/files/hash.ts'
import { openSource } from '../../src-main/files/source.ts'
import { fromNumbers, type Table } from '../../src-main/numbers/table.ts'
import { backendsHere } from './backends.ts'
import { expected, expectedTensor, folder, goldenConfig, relativeError, tasks } from './fixture.ts'

const flat = (table: Table): number[] => table.flatMap((row) => [...row])

describe.each(await backendsHere())('on %s', (prefer) => {
  let backend: Backend
  let parents: Parents
  beforeAll(async () => {
    backend = await openBackend({ prefer })
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

  async function siteOf(config: ResolvedConfig) {
    const signal = new AbortController().signal
    return {
      config,
      host: { backend, open: openSource, hash: hashFile, resume: null, parents: [], stopping: () => false, signal },
      parents,
      files: [],
      groups: groupsOf(parents, config.blocks),
      place: {
        tower: { architecture: parents.architecture, ops: backend.ops },
        tasks: await readTasks(config, parents.architecture, openSource),
        objective: objectiveNamed(config.objective),
        microBatch: microBatchOf(50), // cuts through the tasks' 96 images
        signal,
      },
    }
  }
  async function opened<T>(config: ResolvedConfig, use: (problem: Problem) => Promise<T>, start?: Table): Promise<T> {
    const before = backend.memory().tensors
    const events = openProblem(await siteOf(config), start)
    let next = await events.next()
    while (!next.done) next = await events.next()
    try {
      return await use(next.value.problem)
    } finally {
      await next.value.close()
      expect(backend.memory().tensors).toBe(before)
    }
  }
  const everything = (problem: Problem) =>
    problem.trainingCounts.map((n) => Int32Array.from({ length: n }, (_, i) => i))
  async function probe(): Promise<Table> {
    const values = await expectedTensor('atlas.probe')
    const groups = values.length / tasks.length
    return fromNumbers(tasks.map((_, t) => [...values.subarray(t * groups, (t + 1) * groups)]))
  }

  test.each(['jvp', 'cached'] as const)("%s: loss and coefficient gradient are the oracle's", async (linearised) => {
    const at = await probe()
    await opened(goldenConfig('cross-entropy', { linearised }), async (problem) => {
      const measured = await problem.lossAndGradient(at, everything(problem))
      expect(Math.abs(measured.loss / expected['linearised.crossEntropy.loss'] - 1)).toBeLessThan(1e-5)
      expect(relativeError(flat(measured.gradient), await expectedTensor('linearised.crossEntropy.grad'))).toBeLessThan(
        1e-3,
      )
      const evaluated = await problem.evaluate(at, 'training')
      expect(Math.abs(evaluated.loss / measured.loss - 1)).toBeLessThan(1e-9)
    })
  })

  test("logits are the oracle's within 1e-4", async () => {
    const { place, groups } = await siteOf(goldenConfig('cross-entropy'))
    const { head, splits } = place.tasks[0] as (typeof place.tasks)[number]
    const images = splits.training as NonNullable<typeof splits.training>
    const store = await openStore(backend, parents, 'float32')
    const table = await probe()
    const delta = new Map<string, Tensor>()
    for (const name of store.names) {
      const column = groups.of.get(name) as number
      delta.set(
        name,
        await store.combine(
          name,
          table.map((row) => row[column] as number),
        ),
      )
    }
    const picked = await (await images.fetch([...images.labels.keys()]))()
    const model = linearModel(place.tower, store.base, (name) => delta.get(name))
    const z = await featuresOf(place.tower, model, picked)
    const logits = picked.flatMap((_, n) => {
      const row = z.subarray(n * head.embed, (n + 1) * head.embed)
      const norm = Math.hypot(...row)
      return Array.from({ length: head.classes }, (_, c) =>
        row.reduce((sum, v, e) => sum + (100 * v * (head.weights[c * head.embed + e] as number)) / norm, 0),
      )
    })
    expect(relativeError(logits, await expectedTensor('linearised.logits.alpha'))).toBeLessThan(1e-4)
    store.dispose()
  })

  test.each([
    ['tensor', 'cross-entropy'],
    ['layer', 'cross-entropy'],
    ['scalar', 'entropy'],
  ] as const)('a coefficient per %s, %s: forward mode and precomputed features agree', async (blocks, objective) => {
    const found = []
    for (const linearised of ['jvp', 'cached'])
      found.push(
        await opened(goldenConfig(objective, { linearised, blocks }), (problem) => {
          const at = fromNumbers(
            problem.vectors.map((_, k) => problem.groups.map((_, b) => 0.3 * Math.sin(1 + k + 2 * b))),
          )
          return problem.lossAndGradient(at, [Int32Array.of(5, 3, 90), Int32Array.of(1), Int32Array.of(40, 41)])
        }),
      )
    const [jvp, cached] = found
    expect(Math.abs((cached?.loss ?? Number.NaN) / (jvp?.loss ?? Number.NaN) - 1)).toBeLessThan(1e-5)
    expect(relativeError(flat(cached?.gradient ?? []), flat(jvp?.gradient ?? []))).toBeLessThan(1e-4)
  })

  test('the gradient is that of the loss, by central differences', async () => {
    await opened(goldenConfig('entropy', { linearised: 'cached' }), async (problem) => {
      const at = await probe()
      const batch = [Int32Array.of(0, 7), Int32Array.of(8), Int32Array.of(2, 4, 6)]
      const { gradient } = await problem.lossAndGradient(at, batch)
      const moved = async (k: number, b: number, by: number): Promise<number> => {
        const table = at.map((row) => row.slice())
        ;(table[k] as Float64Array)[b] = (at[k]?.[b] as number) + by
        return (await problem.lossAndGradient(table, batch)).loss
      }
      const largest = Math.max(...flat(gradient).map(Math.abs))
      for (const [k, b] of [
        [0, 3],
        [1, 10],
        [2, 28],
      ] as const) {
        const slope = ((await moved(k, b, 1e-3)) - (await moved(k, b, -1e-3))) / 2e-3
        expect(Math.abs(slope - (gradient[k]?.[b] as number)) / largest).toBeLessThan(1e-3)
      }
    })
  })

  test('three iterations along the difference vector are one table of coefficients on the same features', async () => {
    const start = await probe()
    const groups = start[0]?.length ?? 0
    const lambdas = [0.1, -0.4, 0.7].map((v, k) => Float64Array.from({ length: groups }, (_, b) => v * Math.cos(b + k)))
    const scale = collapse([new Float64Array(groups).fill(1)], lambdas.slice(0, 2))[0] as Float64Array
    const collapsed = collapse(start, lambdas)
    const last = [lambdas[2] as Float64Array]
    const config = (linearised: string) => goldenConfig('cross-entropy', { linearised })
    const whole = await opened(config('cached'), (problem) => problem.lossAndGradient(collapsed, everything(problem)))
    for (const linearised of ['cached', 'jvp']) {
      const use = (problem: Problem) => fromDifferenceVector(problem, scale).lossAndGradient(last, everything(problem))
      const along = await opened(config(linearised), use, start)
      expect(Math.abs(along.loss / whole.loss - 1)).toBeLessThan(1e-5)
      const want = Float64Array.from({ length: groups }, (_, b) =>
        start.reduce(
          (sum, row, k) => sum + (scale[b] as number) * (row[b] as number) * (whole.gradient[k]?.[b] as number),
          0,
        ),
      )
      expect(relativeError(flat(along.gradient), want)).toBeLessThan(1e-4)
    }
  })
})
