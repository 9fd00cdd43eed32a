// Every way a run can go, on the golden models: starts other than aTLAS, tasks combined by mgda, and the controls of
// DV-BASI. Each run that is broken off ends with the bits of the unbroken one; the model rebuilt from its recipe is the
// one that was evaluated; a random direction has the difference vector's norm in every block.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { merges } from '../../src-main/contract/merges/index.ts'
import { stepsOf } from '../../src-main/contract/merges/step.ts'
import { methodNames, reads } from '../../src-main/contract/methods/lookup.ts'
import type { ResolvedConfig } from '../../src-main/contract/run/config.ts'
import type { Recipe } from '../../src-main/contract/run/recipe.ts'
import type { EngineEvent, Parent, ResumeState } from '../../src-main/contract/run/run.ts'
import { type Backend, openBackend } from '../../src-main/engine/devices/backend.ts'
import { methodNamed } from '../../src-main/engine/learning/method.ts'
import { run } from '../../src-main/engine/runs/run.ts'
import { lineageOf } from '../../src-main/engine/weights/lineage.ts'
import { groupsOf } from '../../src-main/engine/weights/merge.ts'
import { openParents, type Parents } from '../../src-main/engine/weights/parents.ts'
import { type Checkpoint, readParameter } from '../../src-main/engine/weights/slices.ts'
import { hashFile } from '../../src-main/files/hash.ts'
import { openSource } from '../../src-main/files/source.ts'
import { rebuild } from '../../src-main/worker/rebuild.ts'
import { firstImages, folder, goldenConfig, goldenExample, tasks } from './fixture.ts'

type Event<T extends EngineEvent['type']> = Extract<EngineEvent, { type: T }>
const few = await firstImages(32)
const [alpha, beta] = few

const short = { iterations: 2, steps: 2 }
const plain = { method: 'atlas', start: undefined, iterations: undefined, steps: 3 }
/** What some of them are told besides, as what they do differs in it or is slow without. */
const besides: Record<string, Record<string, unknown>> = {
  'task-arithmetic': { iterations: 1 },
  adamerging: { batch: 24, epochs: undefined },
  variational: { start: { method: 'variational', steps: 3, gate: 0 } }, // so few steps leave nothing sure
  'cma-es': { iterations: 1, blocks: 'layer' },
}
/** Fewer rounds of those that take many, each like the one before. */
const brief: Record<string, Record<string, number>> = { wudi: { steps: 10 }, 'hierarchical-ot': { iterations: 5 } }
const variants: [string, Record<string, unknown>][] = [
  ...methodNames('start').map((method): [string, Record<string, unknown>] => {
    const steps = reads(method, 'steps') && { steps: 3 }
    const checkpoint = reads(method, 'checkpoint') && { checkpoint: 'finetuned-alpha.safetensors' }
    const merge = reads(method, 'merge') && { merge: 'ties', set: { density: 0.3 } }
    return [method, { ...short, start: { method, ...steps, ...checkpoint, ...merge }, ...besides[method] }]
  }),
  ...merges
    .filter(({ needs }) => !needs.statistics)
    .map(({ name, needs }): [string, Record<string, unknown>] => [
      `the merge ${name} alone`,
      {
        method: 'merge',
        merge: name,
        start: undefined,
        iterations: undefined,
        steps: undefined,
        initialCoefficient: undefined,
        ...(brief[name] && { set: brief[name] }),
        ...(needs.most !== undefined && { vectors: goldenExample.vectors.slice(0, needs.most) }),
      },
    ]),
  ['adamerging++', { ...plain, method: 'adamerging', trim: 0.2 }],
  ['atlas x 3', { ...plain, parts: 3 }],
  ['mgda', { ...short, combine: 'mgda', start: { method: 'atlas', steps: 3 } }],
  ['isotropic', { ...short, control: 'isotropic', start: { method: 'atlas', steps: 3 } }],
  ['restart', { ...short, control: 'restart', start: { method: 'atlas', steps: 3 } }],
  ['random', { ...short, control: 'random', start: { method: 'atlas', steps: 3 }, initialCoefficient: 0.01 }],
  [
    'negation',
    {
      ...short,
      vectors: ['finetuned-alpha.safetensors'],
      start: { method: 'atlas', steps: 3 },
      tasks: [
        { ...alpha, aim: 'forget' },
        { ...beta, aim: 'keep' },
      ],
    },
  ],
]

/** |theta - theta_pre| of every parameter, in block order. */
async function blockNorms({ base, parameters }: Parents, checkpoint: Checkpoint): Promise<Float64Array> {
  const norms: number[] = []
  for (const name of parameters.keys()) {
    const still = (await readParameter(base, name)).slice()
    const values = await readParameter(checkpoint, name)
    norms.push(Math.sqrt(values.reduce((sum, v, i) => sum + (v - (still[i] as number)) ** 2, 0)))
  }
  return Float64Array.from(norms)
}

describe('on wasm', () => {
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
  const finalOf = (all: EngineEvent[]) => of(all, 'evaluation').at(-1)?.evaluation

  test.each(variants)(
    '%s: resumed anywhere it ends alike, and its recipe gives the model it evaluated',
    async (_, change) => {
      const config = goldenConfig('cross-entropy', { tasks: few, ...change })
      const before = backend.memory().tensors
      const whole = await events(config)
      expect(backend.memory().tensors).toBe(before)
      const ends = of(whole, 'stage-end')
      expect(ends).toHaveLength(1 + config.iterations)
      for (const { stage, losses } of ends) {
        const looks = of(whole, 'epoch').filter((e) => e.stage === stage)
        const each = looks.flatMap((e) => e.losses)
        const isGrid = stage === 0 && !methodNamed(config.start.method).measuresLast
        expect(losses.slice(0, each.length)).toEqual(each)
        // after the last step, where it was measured
        expect(losses).toHaveLength(isGrid ? looks.length : each.length + Number(config.batch === 'all'))
      }

      const epochs = of(whole, 'epoch')
      for (const at of [Math.floor(epochs.length / 2)]) {
        const resumed = await events(config, structuredClone(epochs[at]?.resume as ResumeState))
        expect(of(resumed, 'stage-end').at(-1)).toEqual(ends.at(-1))
        expect(finalOf(resumed)).toEqual(finalOf(whole))
      }

      const out = join(mkdtempSync(join(tmpdir(), 'basil-courses-')), 'model.safetensors')
      const [opened] = of(whole, 'opened')
      const named = ({ file, name, sha256 }: Parent) => ({ file, name, sha256 })
      const [start, ...iterations] = ends.map((end) => end.coefficients)
      const recipe: Recipe = {
        basil: '2',
        steps: stepsOf(config),
        run: null,
        name: 'course',
        method: config.method,
        grouping: config.blocks,
        iteration: config.iterations,
        epoch: null,
        pretrained: named(
          opened?.parents.find((p) => p.role === 'pretrained') as NonNullable<typeof opened>['parents'][number],
        ),
        vectors: (opened?.parents ?? []).filter((p) => p.role === 'vector').map(named),
        groups: opened?.blocks ?? [],
        start: start ?? [],
        iterations: iterations.map(([row]) => row ?? []),
        ...((config.control === 'restart' || config.control === 'random') && {
          control: config.control,
          seed: config.seed,
        }),
      }
      await rebuild({ recipe, out, overwrite: false, form: { container: 'safetensors', layout: null, dtype: null } })
      const again = goldenConfig('cross-entropy', {
        tasks: change['tasks'] ?? few,
        start: { method: 'checkpoint', checkpoint: relative(folder, out) },
        iterations: 1,
        steps: 1,
      })
      const [first] = of(await events(again), 'epoch')
      for (const { task, accuracy, loss } of finalOf(whole)?.tasks ?? []) {
        const found = first?.tasks.find((t) => t.task === task)
        expect(found?.accuracy).toBe(accuracy)
        expect(Math.abs((found?.loss as number) / loss - 1)).toBeLessThan(1e-4)
      }
    },
  )

  test('a moved expansion begins at the model itself, and what is measured at the end is what was chosen', async () => {
    const start = { method: 'atlas', steps: 2 }
    const config = goldenConfig('cross-entropy', {
      tasks: few,
      iterations: 2,
      steps: 2,
      linearised: 'jvp',
      expansion: 'moved',
      start,
    })
    const whole = await events(config)
    const [zero, one, two] = of(whole, 'stage-end')
    const lossAt = async (chosen: number[][], more: number[] | null): Promise<number> => {
      const parents = await openParents(config.pretrained, config.vectors, openSource)
      const groups = groupsOf(parents, 'tensor')
      const tables = [chosen.map((row) => Float64Array.from(row)), ...(more ? [[Float64Array.from(more)]] : [])]
      const { coefficients } = lineageOf(parents, groups, tables, { control: 'none', seed: 0 })
      await parents.close()
      const plainly = goldenConfig('cross-entropy', {
        tasks: few,
        method: 'atlas',
        start: undefined,
        iterations: undefined,
        steps: 1,
      })
      const resumed = {
        ...(of(whole, 'epoch')[0]?.resume as ResumeState),
        coefficients: coefficients.map((row) => [...row]),
        step: 1,
        epoch: 1,
        losses: [0],
      }
      const end = of(await events(plainly, resumed), 'stage-end').at(-1)
      return end?.losses.at(-1) as number // of the state behind the last step, measured anew
    }
    expect(one?.still as number).toBeCloseTo(await lossAt(zero?.coefficients ?? [], null), 3)
    expect(two?.still as number).toBeCloseTo(await lossAt(zero?.coefficients ?? [], one?.coefficients[0] ?? []), 3)
    expect(two?.accepted).toBe(true)
    expect((finalOf(whole)?.tasks ?? []).reduce((sum, t) => sum + t.loss, 0)).toBeCloseTo(two?.metric as number, 3)
    const middle = of(whole, 'epoch').find((e) => e.stage === 2 && e.epoch === 1)
    const resumed = await events(config, structuredClone(middle?.resume as ResumeState))
    expect(of(resumed, 'stage-end').at(-1)).toEqual(two)
    expect(finalOf(resumed)).toEqual(finalOf(whole))
  })

  test('a random direction has the norm of the difference vector in every block, and stands across it', async () => {
    const parents = await openParents(
      join(folder, 'pretrained.safetensors'),
      tasks.map((t) => join(folder, `finetuned-${t}.safetensors`)),
      openSource,
    )
    const groups = groupsOf(parents, 'tensor')
    const start = parents.vectors.map((_, t) => Float64Array.from(groups.names, (_name, b) => 0.1 * (t + 1) + 0.01 * b))
    const lineage = lineageOf(parents, groups, [start], { control: 'random', seed: 5 }, 2)
    const [delta, one, two] = await Promise.all(lineage.parents.vectors.map((vector) => blockNorms(parents, vector)))
    for (const [b, norm] of (delta ?? []).entries()) {
      expect(Math.abs((one?.[b] as number) / norm - 1)).toBeLessThan(1e-4) // theta_pre + r is float32
      expect(Math.abs((two?.[b] as number) / norm - 1)).toBeLessThan(1e-4)
    }
    const name = 'transformer.resblocks.0.mlp.c_fc.weight'
    const read = async (v: number) =>
      new Float32Array((await lineage.parents.vectors[v]?.file.read(`visual.${name}`))?.slice().buffer as ArrayBuffer)
    const [base, d, r, s] = [
      new Float32Array((await parents.base.file.read(`visual.${name}`)).slice().buffer),
      await read(0),
      await read(1),
      await read(2),
    ]
    const cosine = (a: Float32Array, b: Float32Array): number => {
      let [ab, aa, bb] = [0, 0, 0]
      for (const [i, still] of base.entries()) {
        const [x, y] = [(a[i] as number) - still, (b[i] as number) - still]
        ab += x * y
        aa += x * x
        bb += y * y
      }
      return ab / Math.sqrt(aa * bb)
    }
    expect(Math.abs(cosine(d, r))).toBeLessThan(0.02)
    expect(Math.abs(cosine(r, s))).toBeLessThan(0.02)
    await parents.close()
  })
})
