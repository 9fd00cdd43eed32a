// The disentanglement error on the golden models: equal to a plain double loop over merged weights; 0 at the origin
// and, of each task, on the axis of its own vector; 0 everywhere where two vectors cannot disturb each other;
// linearised as well.
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { type Disentanglement, evenGrid, pairOf } from '../../src-main/contract/api/disentanglement.ts'
import { readImages } from '../../src-main/engine/datasets/tensor-images.ts'
import { type Backend, openBackend } from '../../src-main/engine/devices/backend.ts'
import { disentanglementOf, mapOf } from '../../src-main/engine/evaluation/disentanglement.ts'
import { predict } from '../../src-main/engine/evaluation/predict.ts'
import { readHead } from '../../src-main/engine/heads/head-file.ts'
import type { PredictingProblem } from '../../src-main/engine/learning/predictions.ts'
import { linearModel, towerModel } from '../../src-main/engine/models/model.ts'
import { microBatchOf } from '../../src-main/engine/problems/micro-batch.ts'
import { loadCheckpoint, loadMerged } from '../../src-main/engine/weights/device.ts'
import { groupsOf } from '../../src-main/engine/weights/merge.ts'
import { openParents } from '../../src-main/engine/weights/parents.ts'
import { openSource } from '../../src-main/files/source.ts'
import { quadratic } from '../engine/learning/quadratic.ts'
import { folder, goldenConfig } from './fixture.ts'

const grid = [-3, 0, 1.5]
const names = ['alpha', 'beta']
const pair = (linearised: string) =>
  pairOf(goldenConfig('cross-entropy', { linearised, method: 'atlas', start: undefined, iterations: undefined }), names)

let backend: Backend
beforeAll(async () => {
  backend = await openBackend({ prefer: 'wasm' })
})
afterAll(() => backend.close())

async function mapFor(linearised: 'no' | 'jvp'): Promise<Disentanglement> {
  const host = { backend, open: openSource, signal: new AbortController().signal }
  let found: Disentanglement | undefined
  for await (const told of disentanglementOf({ config: pair(linearised), grid }, host))
    if (told.type === 'result') found = told.result
  return found as Disentanglement
}

/** Classes of a task's images under theta_pre + a_1 tau_1 + a_2 tau_2, by the weights an export would write. */
async function classesOf(task: string, a1: number, a2: number, linearised: boolean): Promise<number[]> {
  const paths = names.map((name) => join(folder, `finetuned-${name}.safetensors`))
  const parents = await openParents(join(folder, 'pretrained.safetensors'), paths, openSource)
  const coefficients = [Float64Array.of(a1), Float64Array.of(a2)]
  const merged = await loadMerged(backend.ops, parents, groupsOf(parents, 'scalar'), coefficients, linearised)
  const base = await loadCheckpoint(backend.ops, parents.base)
  const tower = { architecture: parents.architecture, ops: backend.ops } as const
  const model = linearised ? linearModel(tower, base.weights, merged.weights) : towerModel(tower, merged.weights)
  const head = await readHead(join(folder, `tasks.safetensors#head.${task}`), openSource)
  const images = await readImages(join(folder, `tasks.safetensors#${task}`), openSource)
  const looking = predict(tower, model, head, images, microBatchOf(96), task)
  try {
    for (;;) {
      const { value, done } = await looking.next()
      if (done) return [...value.predicted]
    }
  } finally {
    merged.dispose()
    base.dispose()
    await parents.close()
  }
}

test.each(['no', 'jvp'] as const)(
  'linearised %s: the map is the double loop over merged weights',
  async (linearised) => {
    const before = backend.memory().tensors
    const { error, parts, tasks } = await mapFor(linearised)
    expect(backend.memory().tensors).toBe(before)
    expect(tasks).toEqual(names.map((name) => ({ name, vector: `finetuned-${name}.safetensors`, images: 96 })))
    const f = (task: string, a1: number, a2: number) => classesOf(task, a1, a2, linearised === 'jvp')
    for (const [i, a1] of grid.entries())
      for (const [j, a2] of grid.entries()) {
        let xi = 0
        for (const [t, task] of names.entries()) {
          const [alone, both] = [await f(task, t === 0 ? a1 : 0, t === 1 ? a2 : 0), await f(task, a1, a2)]
          const part = alone.filter((c, n) => c !== both[n]).length / alone.length
          expect(parts[t]?.[i]?.[j]).toBeCloseTo(part, 1.9) // an image may lie on the edge between two classes
          xi += part
        }
        expect(error[i]?.[j]).toBeCloseTo(xi, 1.9)
      }
    expect(error[1]?.[1]).toBe(0)
    for (const n of grid.keys()) {
      expect(parts[0]?.[n]?.[1]).toBe(0) // a_2 = 0
      expect(parts[1]?.[1]?.[n]).toBe(0) // a_1 = 0
    }
    expect(parts[1]?.[0]?.[1]).toBeGreaterThan(0) // but tau_1 alone does move the other task's predictions
  },
)

test('0 everywhere where a task sees its own vector alone, and not where it sees both', async () => {
  const images = 40
  const seeing = (mixing: number): PredictingProblem => ({
    ...quadratic([[0]]),
    vectors: ['one', 'two'],
    trainingCounts: [images, images],
    predict: async (c, wanted) =>
      wanted.map((indices, t) => {
        const [own, other] = [c[t]?.[0] as number, c[1 - t]?.[0] as number]
        const score = (i: number): number => Math.sin(i) + 0.4 * own + mixing * other
        const logit = Float64Array.from([...indices].flatMap((i) => (score(i) > 0 ? [-0.1, -2] : [-2, -0.1])))
        return { classes: 2, logProbabilities: logit }
      }),
  })
  const all = async (problem: PredictingProblem): Promise<number[]> => {
    const map = mapOf(problem, evenGrid(7))
    for (;;) {
      const { value, done } = await map.next()
      if (done) return value.flat(2)
    }
  }
  expect((await all(seeing(0))).every((part) => part === 0)).toBe(true)
  expect(Math.max(...(await all(seeing(0.3))))).toBeGreaterThan(0.2)
})

test('the grid runs from -3 to 3 through 0, and a task without a model of its own is refused by name', () => {
  expect(evenGrid(7)).toEqual([-3, -2, -1, 0, 1, 2, 3])
  expect(evenGrid(11)[5]).toBe(0)
  expect(() => pairOf(goldenConfig('cross-entropy'), ['alpha', 'delta'])).toThrow(/delta/)
})
