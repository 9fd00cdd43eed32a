// Adaptation without labels on the golden models: a task's test images are learned on, the pool leaves out its own
// model, UFM and then DV-BASI. Labels change nothing but the final figures; a run broken off anywhere ends with the
// bits of the unbroken one; what falls into one class says so.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import type { ResolvedConfig } from '../../src-main/contract/run/config.ts'
import { configIssues } from '../../src-main/contract/run/resolve.ts'
import type { EngineEvent, ResumeState } from '../../src-main/contract/run/run.ts'
import { strongViews } from '../../src-main/engine/datasets/strong-views.ts'
import { readImages } from '../../src-main/engine/datasets/tensor-images.ts'
import { type Backend, openBackend } from '../../src-main/engine/devices/backend.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { writeSafetensors } from '../../src-main/engine/formats/safetensors-writer.ts'
import { run } from '../../src-main/engine/runs/run.ts'
import { hashFile } from '../../src-main/files/hash.ts'
import { openSource } from '../../src-main/files/source.ts'
import { folder, goldenConfig, goldenExample } from './fixture.ts'

type Event<T extends EngineEvent['type']> = Extract<EngineEvent, { type: T }>
const [alpha] = goldenExample.tasks as [(typeof goldenExample.tasks)[number]]
const onTestImages = { ...alpha, test: alpha.data }
const adapting = {
  tasks: [onTestImages],
  pool: 'others',
  objective: 'ufm',
  select: undefined,
  batch: 32,
  clipNorm: null,
  schedule: 'cosine',
  learningRate: 0.01,
  start: { method: 'atlas', epochs: 2 },
  iterations: 2,
  steps: undefined,
  epochs: 2,
}

let backend: Backend
beforeAll(async () => {
  backend = await openBackend({ prefer: 'wasm' })
})
afterAll(() => backend.close())

async function events(config: ResolvedConfig, resume: ResumeState | null = null): Promise<EngineEvent[]> {
  const found: EngineEvent[] = []
  const signal = new AbortController().signal
  const host = { backend, open: openSource, hash: hashFile, resume, parents: [], stopping: () => false, signal }
  for await (const event of run(config, host)) found.push(event)
  return found
}
const of = <T extends EngineEvent['type']>(all: EngineEvent[], type: T): Event<T>[] =>
  all.filter((e): e is Event<T> => e.type === type)
const ends = (all: EngineEvent[]) =>
  of(all, 'stage-end').map(({ coefficients, accepted, metric }) => ({ coefficients, accepted, metric }))

/** tasks.safetensors with the labels of alpha turned round. */
async function withOtherLabels(): Promise<string> {
  const source = await openSource(join(folder, 'tasks.safetensors'))
  const file = await openTensorFile(source)
  const tensors = await Promise.all(
    [...file.tensors.values()].map(async ({ name, dtype, shape }) => {
      const bytes = (await file.read(name)).slice()
      if (name === 'labels.alpha') {
        const labels = new Int32Array(bytes.buffer)
        for (const [i, label] of labels.entries()) labels[i] = (label + 1) % 4
      }
      return { name, dtype, shape, bytes }
    }),
  )
  await source.close()
  const path = join(mkdtempSync(join(tmpdir(), 'basil-adaptation-')), 'tasks.safetensors')
  const pieces: Uint8Array[] = []
  const bytesOf = async (wanted: string) => tensors.find(({ name }) => name === wanted)?.bytes as Uint8Array
  for await (const piece of writeSafetensors(tensors, {}, bytesOf)) pieces.push(piece)
  writeFileSync(path, Buffer.concat(pieces))
  return path
}

test.each(['corrected', 'paper'] as const)('UFM (%s), then DV-BASI: resumed anywhere it ends alike', async (ufm) => {
  const config = goldenConfig('cross-entropy', { ...adapting, ufm })
  expect(config.vectors.map((path) => basename(path))).toEqual([
    'finetuned-beta.safetensors',
    'finetuned-gamma.safetensors',
  ])
  expect(config.select).toBe('training-loss')
  const before = backend.memory().tensors
  const whole = await events(config)
  expect(backend.memory().tensors).toBe(before)
  const epochs = of(whole, 'epoch')
  expect(epochs.some(({ losses }) => losses.some((loss) => loss > 0))).toBe(true)
  expect(
    ends(whole)[0]
      ?.coefficients.flat()
      .some((c) => c !== 0),
  ).toBe(true)
  for (const at of [1, 4]) {
    const resumed = await events(config, structuredClone(epochs[at]?.resume as ResumeState))
    expect(ends(resumed).at(-1)).toEqual(ends(whole).at(-1))
    expect(of(resumed, 'evaluation').at(-1)).toEqual(of(whole, 'evaluation').at(-1))
  }
})

test.each(['ufm', 'sar', 'entropy'] as const)(
  '%s: labels of test data stay locked while it learns on the images',
  async (objective) => {
    const short = { ...adapting, objective, iterations: 1, epochs: 1, start: { method: 'atlas', epochs: 1 } }
    const config = goldenConfig('cross-entropy', short)
    const other = await withOtherLabels()
    const lied = {
      ...config,
      tasks: config.tasks.map((t) => ({ ...t, data: `${other}#alpha`, test: `${other}#alpha` })),
    }
    const [told, untold] = [await events(config), await events(lied)]
    expect(ends(untold)).toEqual(ends(told))
    expect(of(told, 'epoch').every(({ tasks }) => tasks.length === 0)).toBe(true)
    expect(of(told, 'evaluation').every(({ evaluation }) => evaluation.split === 'test')).toBe(true)
    const accuracy = (all: EngineEvent[]) => of(all, 'evaluation').at(-1)?.evaluation.tasks[0]?.accuracy
    expect(accuracy(told)).not.toBe(accuracy(untold))
  },
)

test('plain entropy with a long stride takes all images for one class, and its record says so', async () => {
  const stride = {
    ...adapting,
    objective: 'entropy',
    method: 'atlas',
    start: undefined,
    iterations: undefined,
    schedule: 'none',
  }
  const all = await events(goldenConfig('cross-entropy', { ...stride, learningRate: 1, epochs: 3 }))
  const [first, ...later] = of(all, 'epoch')
  expect(first?.collapse).toBeUndefined()
  expect(later.at(-1)?.collapse).toEqual([{ task: 'alpha', share: expect.closeTo(1, 1) }])
})

test('strong views are a function of seed, task, pass and image; without a pass the image is what it was', async () => {
  const images = await readImages(join(folder, 'tasks.safetensors#alpha'), openSource)
  const at = async (seed: number, indices: number[], pass?: number) =>
    (await (await strongViews(images, { seed, task: 0 }).fetch(indices, pass))()).map(({ pixels }) => [...pixels])
  const [one, other] = [await at(0, [3, 5], 7), await at(0, [5], 7)]
  expect(one[1]).toEqual(other[0])
  expect(one[0]).toHaveLength(3 * 32 * 32)
  for (const changed of [await at(1, [5], 7), await at(0, [5], 8), await at(0, [3], 7)])
    expect(changed[0]).not.toEqual(other[0])
  expect(await at(0, [5])).toEqual((await (await images.fetch([5]))()).map(({ pixels }) => [...pixels]))
})

test('what does not go together is told by field', () => {
  const base = {
    ...goldenExample,
    ...adapting,
    select: 'training-loss',
    start: { method: 'atlas', epochs: 1 },
    steps: undefined,
  }
  const fields = (change: Record<string, unknown>) =>
    configIssues(JSON.parse(JSON.stringify({ ...base, ...change }))).map(({ field }) => field)
  expect(fields({})).toEqual([])
  expect(fields({ batch: 'all' })).toEqual(['batch'])
  expect(fields({ augment: true })).toEqual(['augment'])
  expect(fields({ linearised: 'cached' })).toEqual(['linearised'])
  expect(fields({ vectors: ['finetuned-alpha.safetensors'] })).toEqual(['pool'])
  expect(fields({ vectors: ['one.safetensors', 'two.safetensors'] })).toEqual(['tasks[0].finetuned'])
})
