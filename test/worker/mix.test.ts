// A mix in the engine's process: merges that are linear in their vectors are the very models that they are merged to,
// coefficients for the whole model can be moved layer by layer, and any other work there ends it.
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { type MixOpened, type MixRequest, type MixScores, mixRequestSchema } from '../../src-main/contract/api/mix.ts'
import { formSchema } from '../../src-main/contract/checkpoint.ts'
import { linearForm } from '../../src-main/contract/mix/linear.ts'
import type { Recipe } from '../../src-main/contract/run/recipe.ts'
import { type Backend, openBackend } from '../../src-main/engine/devices/backend.ts'
import { toFloat32 } from '../../src-main/engine/formats/dtype.ts'
import { mergeRecipe } from '../../src-main/workbench/export/merge.ts'
import { type Mixing, mixing } from '../../src-main/worker/mix.ts'
import { openParentsOf, rebuilt } from '../../src-main/worker/rebuild.ts'
import { folder, relativeError, tasks } from '../golden/fixture.ts'
import { parentOf } from './recipes.ts'

let backend: Backend
beforeAll(async () => {
  backend = await openBackend({ prefer: 'wasm', threads: 1 })
})
afterAll(() => backend.close())

const at = (name: string): string => join(folder, name)

async function merged(method: string, change: object = {}): Promise<Recipe> {
  const vectors = await Promise.all(tasks.map((name) => parentOf(at(`finetuned-${name}.safetensors`))))
  const pretrained = await parentOf(at('pretrained.safetensors'))
  return mergeRecipe({ method, parameters: {}, pretrained, vectors, ...change })
}

const requestOf = (recipe: Recipe): MixRequest =>
  mixRequestSchema.parse({
    recipe,
    tasks: tasks.map((name) => ({
      ...{ name, data: at(`tasks.safetensors#${name}`), head: at(`tasks.safetensors#head.${name}`) },
    })),
    ...{ split: 'training', onUnreadable: 'refuse', config: null, files: [] },
  })

async function opened(mix: Mixing, request: MixRequest): Promise<MixOpened> {
  for await (const told of mix.open(request)) if (told.type === 'result') return told.result
  throw new Error('it was not opened')
}

async function whole(scores: AsyncGenerator<MixScores>): Promise<MixScores | undefined> {
  let last: MixScores | undefined
  for await (const one of scores) last = one
  return last
}

async function weightsOf(recipe: Recipe): Promise<Float32Array[]> {
  const parents = await openParentsOf(recipe)
  const { view } = await rebuilt(parents, recipe, formSchema.parse({}))
  const found: Float32Array[] = []
  for (const [name, { dtype }] of view.tensors) found.push(toFloat32(await view.read(name), dtype))
  await parents.close()
  return found
}

test.each([
  ['weighted-average', { parameters: { of: 'differences' }, weights: [3, 1, 2], coefficients: 0.7 }],
  ['weighted-average', { parameters: { of: 'differences', normalize: false }, weights: [0.3, 0.1, -0.2] }],
  ['wise-ft', { parameters: { alpha: 0.4 }, weights: [1, 2, 3] }],
])('%s as shares of its models is the same model', async (method, change) => {
  const recipe = await merged(method, change)
  const linear = linearForm(recipe)
  expect([linear.method, linear.start.length]).toEqual(['task-arithmetic', 3])
  const [a, b] = [await weightsOf(recipe), await weightsOf(linear)]
  expect(Math.max(...a.map((values, i) => relativeError(b[i] ?? [], values) || 0))).toBeLessThan(1e-6)
})

test('one coefficient for the whole model is one for each layer, and another merge has its own', async () => {
  const mix = mixing(async () => ({ backend }))
  const task = await opened(mix, requestOf(await merged('task-arithmetic', { coefficients: [0.3, 0.2, 0.1] })))
  expect([task.grouping, task.vectors]).toEqual(['layer', tasks.map((name) => `finetuned-${name}.safetensors`)])
  expect(task.own.start).toEqual([0.3, 0.2, 0.1].map((c) => task.groups.map(() => c)))
  const ties = await opened(mix, requestOf(await merged('ties')))
  expect([ties.vectors, ties.own.start.length]).toEqual([['TIES of 3'], 1])
  const { session, own } = ties
  expect(await whole(mix.score({ session, seq: 1, coefficients: own }))).toMatchObject({ done: true })
  await mix.close()
})

test('of two that were asked for only the newest is told, and what ends it leaves nothing on the device', async () => {
  const before = backend.memory().tensors
  const mix = mixing(async () => ({ backend }))
  const { session, own } = await opened(mix, requestOf(await merged('task-arithmetic')))
  const older = mix.score({ session, seq: 1, coefficients: own })
  expect((await older.next()).value).toMatchObject({ done: false })
  const newer = whole(mix.score({ session, seq: 2, coefficients: own }))
  expect((await older.next()).done).toBe(true)
  expect(await newer).toMatchObject({ done: true })
  const third = mix.score({ session, seq: 3, coefficients: own })
  await third.next()
  const closing = mix.close()
  expect((await third.next()).done).toBe(true)
  expect(await closing).toEqual({ closed: true })
  expect(await mix.close()).toEqual({ closed: false })
  expect(backend.memory().tensors).toBe(before)
  await expect(mix.score({ session, seq: 4, coefficients: own }).next()).rejects.toMatchObject({
    record: { code: 'run-state' },
  })
})

test('one that is to be opened while other work ends the last is not opened beside it', async () => {
  const mix = mixing(async () => ({ backend }))
  const request = requestOf(await merged('task-arithmetic'))
  await opened(mix, request)
  const second = mix.open(request).next()
  const work = mix.close()
  await expect(second).rejects.toMatchObject({ record: { code: 'run-state' } })
  await work
  expect(await mix.close()).toEqual({ closed: false })
})

test('a parent that has changed since is told', async () => {
  const recipe = await merged('task-arithmetic')
  const [first, ...others] = recipe.vectors
  const strange = { ...recipe, vectors: [{ ...first, sha256: recipe.pretrained.sha256 }, ...others] }
  const mix = mixing(async () => ({ backend }))
  await expect(opened(mix, requestOf(strange as Recipe))).rejects.toMatchObject({ record: { code: 'file-changed' } })
  expect(await mix.close()).toEqual({ closed: false })
})
