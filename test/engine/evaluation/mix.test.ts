// A mix measured by the engine, on the oracle's models and images: under a linearised run's coefficients the features at
// hand are those that go through the linearised model, waves count every image once, and a newer mix ends an older one.
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import { type MixRequest, mixRequestSchema } from '../../../src-main/contract/api/mix.ts'
import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import { type Mix, openMix } from '../../../src-main/engine/evaluation/mix/mix.ts'
import { composedSource, linearSource, type Seen } from '../../../src-main/engine/evaluation/mix/sources.ts'
import { openMixTasks } from '../../../src-main/engine/evaluation/mix/tasks.ts'
import { objectiveNamed } from '../../../src-main/engine/learning/objective.ts'
import { type Features, openFeatures, unkept } from '../../../src-main/engine/problems/linear-features.ts'
import { microBatchOf } from '../../../src-main/engine/problems/micro-batch.ts'
import { openStore } from '../../../src-main/engine/weights/device.ts'
import { groupsOf } from '../../../src-main/engine/weights/merge.ts'
import { openParents, type Parents } from '../../../src-main/engine/weights/parents.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { toNumbers } from '../../../src-main/numbers/table.ts'
import { folder, goldenConfig, relativeError, tasks } from '../../golden/fixture.ts'

/** How often images of a mix were closed. */
const closed = vi.hoisted(() => ({ count: 0 }))
vi.mock(import('../../../src-main/engine/evaluation/mix/tasks.ts'), async (original) => {
  const real = await original()
  return {
    ...real,
    openMixTasks: async function* (...asked) {
      const opened = yield* real.openMixTasks(...asked)
      return opened.map((task) => {
        const close = async (): Promise<void> => {
          closed.count++
          await task.images.close()
        }
        return { ...task, images: { ...task.images, close } }
      })
    },
  }
})

let backend: Backend
let parents: Parents
beforeAll(async () => {
  backend = await openBackend({ prefer: 'wasm', threads: 1 })
  const files = tasks.map((name) => join(folder, `finetuned-${name}.safetensors`))
  parents = await openParents(join(folder, 'pretrained.safetensors'), files, openSource)
})
afterAll(async () => {
  await parents.close()
  backend.close()
})

const { signal } = new AbortController()
const host = { open: openSource, signal }

function requestOf(linearised: boolean, change: object = {}): MixRequest {
  const groups = groupsOf(parents, 'layer').names
  const at = join(folder, 'tasks.safetensors')
  return mixRequestSchema.parse({
    recipe: {
      ...{ basil: '2', run: null, name: 'golden', method: 'task-arithmetic', grouping: 'layer', linearised },
      ...{ iteration: 0, epoch: null, pretrained: { name: 'p', sha256: '0'.repeat(64) }, vectors: [], steps: [] },
      ...{ groups, start: tasks.map((_, t) => groups.map((_g, g) => 0.1 * (1 + t) - 0.02 * g)), iterations: [] },
      ...change,
    },
    tasks: tasks.map((name) => ({ name, data: `${at}#${name}`, head: `${at}#head.${name}` })),
    ...{ split: 'training', onUnreadable: 'refuse', files: [] },
    config: linearised ? goldenConfig('cross-entropy', { linearised: 'cached', blocks: 'layer' }) : null,
  })
}

async function last<T>(work: AsyncGenerator<unknown, T>): Promise<T> {
  for (;;) {
    const next = await work.next()
    if (next.done) return next.value
  }
}

const opening = (request: MixRequest, features = unkept): Promise<Mix> =>
  last(openMix(request, parents, groupsOf(parents, 'layer'), { ...host, backend, features }))

test('features at hand are those of the linearised model, within 1e-5', async () => {
  const request = requestOf(true)
  const opened = await last(openMixTasks(request, parents.architecture, host))
  const groups = groupsOf(parents, 'layer')
  const tower = { architecture: parents.architecture, ops: backend.ops, freeBytes: backend.freeBytes }
  const microBatch = microBatchOf(50)
  const store = await openStore(backend, parents, 'float32')
  const place = { tower, tasks: opened, objective: objectiveNamed('cross-entropy'), microBatch, signal }
  const maker = { place, groups, vectors: 3, cache: unkept, store: async () => store, stopping: () => false }
  const features: Features[] = []
  for (const { name, images } of opened) {
    const found = await last(openFeatures(maker, { task: name, images, identity: name, hold: true }))
    if (found) features.push(found)
  }
  const through = composedSource({ tower, tasks: opened, store, groups, linearised: true, microBatch })
  const hand = linearSource(features, parents.architecture.embed)
  const table = request.recipe.start.map((row) => Float64Array.from(row))
  const images = opened.flatMap(({ order }, task) =>
    Array.from(order.subarray(0, 20), (index): Seen => ({ task, index })),
  )
  const [slow, fast] = [await through.at(table, () => true), await hand.at(table, () => true)]
  expect(relativeError((await fast?.features(images)) ?? [], (await slow?.features(images)) ?? [])).toBeLessThan(1e-5)
  slow?.dispose()
  await through.close()
  await hand.close()
})

test('at hand and through the model, the same images are right; every image is seen once, few of them first', async () => {
  const before = backend.memory().tensors
  const [hand, through] = [await opening(requestOf(true)), await opening(requestOf(true), { ...unkept, capBytes: 0 })]
  expect([hand.instant, through.instant]).toEqual([true, false]) // which have no room go through
  const { start } = requestOf(true).recipe
  const waves: number[] = []
  for await (const { tasks: seen } of hand.score({ start, iterations: [] }, () => true))
    waves.push(seen[0]?.images ?? 0)
  expect(waves.toSorted((a, b) => a - b)).toEqual(waves)
  expect([waves[0], waves.at(-1)]).toEqual([4, hand.images[0]])
  const whole = async (mix: Mix) => {
    let found: unknown
    for await (const scores of mix.score({ start, iterations: [] }, () => true)) found = scores
    return found
  }
  expect(await whole(hand)).toEqual(await whole(through))
  expect(await whole(hand)).toMatchObject({ done: true, tasks: hand.images.map((images) => ({ images })) })
  await hand.close()
  await through.close()
  expect(backend.memory().tensors).toBe(before)
})

test('one that is not wanted any more ends where it is, and leaves nothing on the device', async () => {
  const mix = await opening(requestOf(false))
  const before = backend.memory().tensors
  const { start } = requestOf(false).recipe
  let waves = 0
  for await (const _ of mix.score({ start, iterations: [] }, () => waves < 1)) waves++
  expect(waves).toBe(1)
  for await (const _ of mix.score({ start, iterations: [] }, () => false)) waves++
  expect([waves, backend.memory().tensors]).toEqual([1, before])
  expect(() => mix.score({ start: toNumbers([Float64Array.of(1)]), iterations: [] }, () => true)).toThrow(
    /no coefficients/,
  )
  await mix.close()
})

test('of random directions the start stays, as they are drawn by it', async () => {
  const width = groupsOf(parents, 'layer').names.length
  const mix = await opening(requestOf(false, { control: 'random', seed: 3, iterations: [Array(width).fill(0.1)] }))
  const { start } = requestOf(false).recipe
  const moved = start.map((row) => row.map((c) => c + 0.1))
  const iterations = [Array(width).fill(0.2)]
  expect(() => mix.score({ start: moved, iterations }, () => true)).toThrow(/no coefficients/)
  let done = false
  for await (const scores of mix.score({ start, iterations }, () => true)) done = scores.done
  expect(done).toBe(true)
  await mix.close()
})

test('a mix whose listener leaves while it is being opened closes its images', async () => {
  closed.count = 0
  const work = openMix(requestOf(false), parents, groupsOf(parents, 'layer'), { ...host, backend })
  for (let told = ''; told !== 'Opening vectors'; ) {
    const next = await work.next()
    if (next.done) throw new Error('it is open already')
    told = next.value.what
  }
  expect(closed.count).toBe(0)
  await work.return(undefined as never)
  expect(closed.count).toBe(tasks.length)
})
