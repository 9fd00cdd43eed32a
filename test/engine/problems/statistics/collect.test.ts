// What is collected of models on images, on the golden tower: second moments of the inputs of every linear layer and
// squared gradients against a tower in float64; inputs as the merged model gives them against that model; the same
// whatever the micro-batch; and what is kept is not computed again.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { Step } from '../../../../src-main/contract/merges/step.ts'
import { type Backend, openBackend } from '../../../../src-main/engine/devices/backend.ts'
import { merges } from '../../../../src-main/engine/merging/index.ts'
import { openStatistics } from '../../../../src-main/engine/merging/statistics/given.ts'
import type { Gradients, Wanted } from '../../../../src-main/engine/merging/statistics/wanted.ts'
import { wantedBy } from '../../../../src-main/engine/merging/statistics/wanted-by.ts'
import { vectorsAfter } from '../../../../src-main/engine/merging/vectors-after.ts'
import type { Task } from '../../../../src-main/engine/problems/clip-problem.ts'
import { microBatchOf } from '../../../../src-main/engine/problems/micro-batch.ts'
import { collect } from '../../../../src-main/engine/problems/statistics/collect.ts'
import { readTasks } from '../../../../src-main/engine/runs/tasks.ts'
import { openParents, type Parents } from '../../../../src-main/engine/weights/parents.ts'
import { readParameter } from '../../../../src-main/engine/weights/slices.ts'
import { openSource } from '../../../../src-main/files/source.ts'
import { statisticsStore } from '../../../../src-main/files/statistics-store.ts'
import { permutation, uniform } from '../../../../src-main/numbers/random.ts'
import { streamOf } from '../../../../src-main/numbers/streams.ts'
import { backendsHere } from '../../../golden/backends.ts'
import { folder, goldenConfig, tasks as names } from '../../../golden/fixture.ts'
import { relativeError } from '../../devices/reference.ts'
import { entered, imagesOf, logProbabilities, moments, passed, type Values, valuesIn } from './tower.ts'

const [images, seed] = [3, 5] // of these images no prediction is so sure that its slopes are float32's rounding
const drawn = [...permutation(96, seed, streamOf('looked'), 0).slice(0, images)]
const models = names.map((name) => join(folder, `finetuned-${name}.safetensors`))

describe.each(await backendsHere())('on %s', (prefer) => {
  let backend: Backend
  let parents: Parents
  let tasks: Task[]
  const home = mkdtempSync(join(tmpdir(), 'basil-collect-'))
  beforeAll(async () => {
    backend = await openBackend({ prefer })
    parents = await openParents(join(folder, 'pretrained.safetensors'), models, openSource)
    tasks = await readTasks(goldenConfig('cross-entropy'), parents.architecture, openSource)
  })
  afterAll(async () => {
    await parents.close()
    backend.close()
    rmSync(home, { recursive: true })
  })

  /** The statistics of all tasks, with what was told on the way. */
  async function collected(step: Step, wanted: Wanted, at: string, microBatch = 2) {
    const told: string[] = []
    const work = collect({
      wanted,
      step,
      parents,
      pretrained: 'p',
      tasks: tasks.map(({ name, head, splits }) => {
        if (!splits.training) throw new Error(name)
        return { name, head, images: splits.training, model: name }
      }),
      place: {
        tower: { architecture: parents.architecture, ops: backend.ops },
        microBatch: microBatchOf(microBatch),
        signal: new AbortController().signal,
      },
      store: statisticsStore(join(home, at)),
    })
    for (;;) {
      const next = await work.next()
      if (!next.done) {
        if (next.value.type === 'progress') told.push(next.value.what)
        continue
      }
      const files = next.value.map(({ file }) => file)
      return { told, files, ...(await openStatistics(files, names.length, openSource)) }
    }
  }
  const ofInputs = (of: 'own' | 'merged'): Wanted => ({ what: 'inputs', of, images, seed })
  const regmean: Step = { method: 'regmean', parameters: { images, seed } }

  test('second moments of the inputs of every linear layer', async () => {
    const before = backend.memory().tensors
    const { statistics, close } = await collected(regmean, ofInputs('own'), 'own')
    expect(backend.memory().tensors).toBe(before)
    const { architecture: a } = parents
    for (const [t, name] of [...names.entries()].slice(1, 2)) {
      const weights = await valuesIn(models[t] as string)
      let x = entered(weights, a, (await imagesOf(name)).pixels, drawn)
      for (let i = 0; i < a.layers; i++) {
        const { next, inputs } = passed(weights, a, i, x)
        for (const [parameter, input] of inputs) {
          const wanted = moments(input, /c_proj/.test(parameter) ? a.mlp : a.width)
          const found = await readParameter(statistics[t] as (typeof statistics)[number], parameter)
          expect(relativeError(found, wanted), `${name} ${parameter}`).toBeLessThan(2e-5)
        }
        x = next
      }
    }
    await close()
    const [alone, other] = [
      await collected(regmean, ofInputs('own'), 'alone', 1),
      await collected(regmean, ofInputs('own'), 'other', 4),
    ]
    const parameter = 'transformer.resblocks.1.mlp.c_proj.weight'
    const [one, two] = await Promise.all(
      [alone, other].map(({ statistics: [first] }) => readParameter(first as (typeof statistics)[number], parameter)),
    )
    expect(relativeError(one as Float32Array, two as Float32Array)).toBeLessThan(1e-5)
    await Promise.all([alone.close(), other.close()])
  })

  test('inputs of RegMean++ are those that the merged layers before give', async () => {
    const step: Step = { method: 'regmean-plus-plus', parameters: { images, seed } }
    const { statistics, files, close } = await collected(step, ofInputs('merged'), 'merged')
    expect(files).toHaveLength(1)
    const {
      vectors: [model],
    } = await vectorsAfter({ ...parents, statistics }, [step])
    const merged: Values = new Map()
    for (const name of parents.parameters.keys())
      merged.set(name, Float64Array.from(await readParameter(model as Parents['base'], name)))
    const { architecture: a } = parents
    const weights = await valuesIn(models[0] as string)
    const door = entered(merged, a, (await imagesOf('alpha')).pixels, drawn)
    const behind = passed(merged, a, 0, door).next
    for (const [parameter, input] of [...passed(weights, a, 0, door).inputs, ...passed(weights, a, 1, behind).inputs]) {
      const wanted = moments(input, /c_proj/.test(parameter) ? a.mlp : a.width)
      const found = await readParameter(statistics[0] as (typeof statistics)[number], parameter)
      expect(relativeError(found, wanted), parameter).toBeLessThan(2e-5)
    }
    await close()
  })

  test.each<[Gradients['labels'], number]>([
    ['observed', 2],
    ['sampled', 1],
    ['rooted', 3],
  ])('squared gradients by %s labels, %i images a batch', async (labels, batch) => {
    const before = backend.memory().tensors
    const wanted: Gradients = { what: 'gradients', labels, batch, images, seed }
    const { statistics, close } = await collected({ method: 'fisher', parameters: {} }, wanted, labels, 1)
    expect(backend.memory().tensors).toBe(before)
    const [task = ''] = names
    const weights = await valuesIn(models[0] as string)
    const { pixels, labels: own, head } = await imagesOf(task)
    const { architecture: a } = parents
    const seen = drawn.map((image) => logProbabilities(weights, a, pixels, image, head))
    /** Weights of the classes in one image's likelihood, which stay as they are when weights move. */
    const shares = seen.map((log, n) => {
      const image = drawn[n] as number
      if (labels === 'rooted') return log.map((l) => Math.exp(l / 2))
      let rest = uniform(seed, streamOf('looked'), 1, image)
      const y =
        labels === 'observed'
          ? own[image]
          : log.findIndex((l) => {
              rest -= Math.exp(l)
              return rest < 0
            })
      return log.map((_, c) => Number(c === y))
    })
    const slopeAt = (name: string, index: number, some: readonly number[]): number => {
      const likelihood = (by: number): number => {
        const moved = new Map(weights)
        const values = (weights.get(name) as Float64Array).slice()
        values[index] = (values[index] as number) + by
        moved.set(name, values)
        const each = some.map((n) => {
          const log = logProbabilities(moved, a, pixels, drawn[n] as number, head)
          return log.reduce((l, v, c) => l + (shares[n]?.[c] as number) * v, 0)
        })
        return each.reduce((sum, l) => sum + l, 0)
      }
      return (likelihood(1e-5) - likelihood(-1e-5)) / 2e-5
    }
    const batches = Array.from({ length: Math.ceil(images / batch) }, (_, b) =>
      Array.from({ length: Math.min(batch, images - b * batch) }, (_v, n) => b * batch + n),
    )
    for (const [name, index] of [
      ['conv1.weight', 77],
      ['ln_post.bias', 5],
      ['transformer.resblocks.0.attn.in_proj_weight', 30_001],
      ['transformer.resblocks.1.mlp.c_proj.weight', 1234],
    ] as const) {
      const found = await readParameter(statistics[0] as (typeof statistics)[number], name)
      expect(found.length).toBe((weights.get(name) as Float64Array).length)
      const squares = batches.reduce((sum, some) => sum + slopeAt(name, index, some) ** 2 / images, 0)
      const most = found.reduce((m, v) => Math.max(m, v), 0)
      expect(Math.abs((found[index] as number) - squares), `${name} ${squares}`).toBeLessThan(
        1e-3 * squares + 1e-5 * most,
      )
    }
    await close()
  })

  test('what is kept is taken, whatever merge wants it; other images, seeds and models are others', async () => {
    const filesOf = (): string[] => readdirSync(join(home, 'kept')).sort()
    const first = await collected(regmean, ofInputs('own'), 'kept')
    const places = filesOf().map((file) => statSync(join(home, 'kept', file)).ino)
    expect(first.told).toContain('Inputs of layers on alpha')
    const pave: Step = { method: 'pave', parameters: { images, seed } }
    const again = await collected(pave, wantedBy(merges, pave) as Wanted, 'kept')
    expect(again.files).toEqual(first.files)
    expect(again.told.filter((what) => what.startsWith('Inputs'))).toEqual([])
    expect(filesOf().map((file) => statSync(join(home, 'kept', file)).ino)).toEqual(places)
    const other = await collected(regmean, { ...ofInputs('own'), seed: 4 }, 'kept')
    expect(other.files.some((file) => first.files.includes(file))).toBe(false)
    expect(filesOf()).toHaveLength(2 * names.length)
    await Promise.all([first.close(), again.close(), other.close()])
  })
})

test('work that is given up leaves no file', async () => {
  const home = mkdtempSync(join(tmpdir(), 'basil-given-up-'))
  const store = statisticsStore(home)
  const writer = await store.begin('one', [{ name: 'a', shape: [2, 2] }])
  await writer.write(Float32Array.of(1, 2, 3, 4))
  await writer.abandon()
  expect(readdirSync(home)).toEqual([])
  expect(await store.find('one')).toBeUndefined()
  rmSync(home, { recursive: true })
})
