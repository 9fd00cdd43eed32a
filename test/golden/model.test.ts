// The image tower against the oracle: features, logits, losses and coefficient gradients, on every backend this machine
// has.
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { readImages } from '../../src-main/engine/datasets/tensor-images.ts'
import { type Backend, openBackend } from '../../src-main/engine/devices/backend.ts'
import { readHead } from '../../src-main/engine/heads/head-file.ts'
import { objectiveNamed } from '../../src-main/engine/learning/objective.ts'
import type { Problem } from '../../src-main/engine/learning/problem.ts'
import { towerModel } from '../../src-main/engine/models/model.ts'
import { clipProblem, type TaskSetup } from '../../src-main/engine/problems/clip-problem.ts'
import { microBatchOf } from '../../src-main/engine/problems/micro-batch.ts'
import { featuresOf } from '../../src-main/engine/problems/patches.ts'
import { readTasks } from '../../src-main/engine/runs/tasks.ts'
import { openCheckpoint } from '../../src-main/engine/weights/checkpoint.ts'
import { loadCheckpoint, openStore } from '../../src-main/engine/weights/device.ts'
import { groupsOf } from '../../src-main/engine/weights/merge.ts'
import { openParents, type Parents } from '../../src-main/engine/weights/parents.ts'
import { openSource } from '../../src-main/files/source.ts'
import { fromNumbers, type Table } from '../../src-main/numbers/table.ts'
import { webgpuCardHere } from '../webgpu.ts'
import { backendsHere } from './backends.ts'
import { expected, expectedTensor, firstImages, folder, goldenConfig, relativeError, tasks } from './fixture.ts'

const isSoftware = !(await webgpuCardHere())
const first = await firstImages(24)

describe.each(await backendsHere({ software: true }))('on %s', (prefer) => {
  // A software driver of WebGPU needs a minute for each gradient: there one of a kind stands for all, and what is held
  // against itself is asked of the first images.
  const few = prefer === 'webgpu' && isSoftware
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

  /** Features (n, embed) of a checkpoint on a task's images, in micro-batches of odd size. */
  async function features(model: string, task: string): Promise<Float32Array> {
    const checkpoint = await openCheckpoint(join(folder, `${model}.safetensors`), openSource)
    const { weights, dispose } = await loadCheckpoint(backend.ops, checkpoint)
    const images = await readImages(join(folder, `tasks.safetensors#${task}`), openSource)
    const tower = { architecture: checkpoint.architecture, ops: backend.ops }
    const parts: number[] = []
    for (let at = 0; at < images.count; at += 37) {
      const picked = await (
        await images.fetch(Array.from({ length: Math.min(37, images.count - at) }, (_, i) => at + i))
      )()
      parts.push(...(await featuresOf(tower, towerModel(tower, weights), picked)))
    }
    dispose()
    await checkpoint.file.source.close()
    return Float32Array.from(parts)
  }

  function logits(z: Float32Array, head: { weights: Float32Array; classes: number; embed: number }): number[] {
    const out: number[] = []
    for (let n = 0; n < z.length / head.embed; n++) {
      const row = z.subarray(n * head.embed, (n + 1) * head.embed)
      const norm = Math.hypot(...row)
      for (let c = 0; c < head.classes; c++)
        out.push(100 * row.reduce((sum, v, e) => sum + (v / norm) * (head.weights[c * head.embed + e] as number), 0))
    }
    return out
  }

  test.each(few ? tasks.slice(0, 1) : tasks)("features and logits of %s are the oracle's within 1e-4", async (task) => {
    const pretrained = await features('pretrained', task)
    expect(relativeError(pretrained, await expectedTensor(`features.pretrained.${task}`))).toBeLessThan(1e-4)
    const head = await readHead(join(folder, `tasks.safetensors#head.${task}`), openSource)
    expect(relativeError(logits(pretrained, head), await expectedTensor(`logits.pretrained.${task}`))).toBeLessThan(
      1e-4,
    )
    expect(
      relativeError(
        logits(await features(`finetuned-${task}`, task), head),
        await expectedTensor(`logits.finetuned.${task}`),
      ),
    ).toBeLessThan(1e-4)
  })

  const measured = [
    ['cross-entropy', 'atlas.crossEntropy', 128],
    ['entropy', 'atlas.entropy', 128],
    ['cross-entropy', 'atlas.crossEntropy', 50], // micro-batches that cut through tasks change nothing
  ] as const
  test.each(measured.slice(0, few ? 1 : 3))(
    'loss and coefficient gradient of %s (%s, micro-batch %i)',
    async (objective, key, microBatch) => {
      const place = await workplace(objective, microBatch)
      const groups = groupsOf(parents, 'tensor')
      expect(groups.names).toEqual(expected.blocks.map((b: { name: string }) => b.name))
      const store = await openStore(backend, parents, 'float32')
      const problem = clipProblem(place, store, groups)
      const probe = await probeTable(groups.names.length)
      const everything = all(problem)
      const before = backend.memory().tensors
      const measured = await problem.lossAndGradient(probe, everything)
      expect(backend.memory().tensors).toBe(before)
      expect(Math.abs(measured.loss / expected[`${key}.loss`] - 1)).toBeLessThan(1e-5)
      expect(
        relativeError(
          measured.gradient.flatMap((row) => [...row]),
          await expectedTensor(`${key}.grad`),
        ),
      ).toBeLessThan(1e-3)
      const evaluated = await problem.evaluate(probe, 'training')
      expect(evaluated.loss).toBe(measured.loss)
      store.dispose()
    },
  )

  const again: [number, number][] = [
    [1000, 0],
    [50, 1e-6], // over several micro-batches, gradients are summed before the inner products, not after
  ]
  test.each(again.slice(few ? 1 : 0))(
    'with no memory to spare, vectors from files and activations computed again: the same, micro-batch %i',
    async (microBatch, most) => {
      const place = await workplace('cross-entropy', microBatch, few ? { tasks: first } : {})
      const groups = groupsOf(parents, 'tensor')
      const probe = await probeTable(groups.names.length)
      const results = []
      for (const bytes of [Number.POSITIVE_INFINITY, 0]) {
        const poor: Backend = { ...backend, deviceBytes: () => bytes, hostBytes: () => bytes }
        const store = await openStore(poor, parents, 'float32')
        let asked = 0
        const freeBytes = (): number => asked++ + bytes
        const problem = clipProblem({ ...place, tower: { ...place.tower, freeBytes } }, store, groups)
        const measured = await problem.lossAndGradient(probe, all(problem))
        expect(asked).toBeGreaterThan(0)
        results.push({ ...measured, names: store.names.length })
        store.dispose()
        expect(backend.memory().tensors).toBe(0)
      }
      expect(results[1]?.tasks).toEqual(results[0]?.tasks)
      const [rich, poor] = results.map((r) => r.gradient.flatMap((row) => [...row]))
      expect(relativeError(poor as number[], rich as number[])).toBeLessThanOrEqual(most)
    },
  )

  async function workplace(
    objective: 'cross-entropy' | 'entropy',
    microBatch: number,
    change = {},
  ): Promise<TaskSetup> {
    return {
      tower: { architecture: parents.architecture, ops: backend.ops },
      tasks: await readTasks(goldenConfig(objective, change), parents.architecture, openSource),
      objective: objectiveNamed(objective),
      microBatch: microBatchOf(microBatch),
      signal: new AbortController().signal,
    }
  }
})

async function probeTable(columns: number): Promise<Table> {
  const flat = await expectedTensor('atlas.probe')
  return fromNumbers(tasks.map((_, t) => [...flat.subarray(t * columns, (t + 1) * columns)]))
}

function all({ trainingCounts }: Problem): Int32Array[] {
  return trainingCounts.map((n) => Int32Array.from({ length: n }, (_, i) => i))
}
