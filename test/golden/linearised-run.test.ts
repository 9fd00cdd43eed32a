// Whole linearised runs on every backend: forward mode and precomputed features end with the same coefficients,
// features are computed once and survive a kill, a resumed run ends with the bits of the unbroken one, and all that is
// measured is f_lin.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

import type { ResolvedConfig } from '../../src-main/contract/run/config.ts'
import type { EngineEvent, ResumeState } from '../../src-main/contract/run/run.ts'
import { type Backend, openBackend } from '../../src-main/engine/devices/backend.ts'
import { checkRun } from '../../src-main/engine/runs/check.ts'
import { run } from '../../src-main/engine/runs/run.ts'
import { featureCache } from '../../src-main/files/feature-cache.ts'
import { hashFile } from '../../src-main/files/hash.ts'
import { openSource } from '../../src-main/files/source.ts'
import { backendsHere } from './backends.ts'
import { goldenConfig, goldenExample, relativeError } from './fixture.ts'

type Event<T extends EngineEvent['type']> = Extract<EngineEvent, { type: T }>
const all = <T extends EngineEvent['type']>(events: readonly EngineEvent[], type: T): Event<T>[] =>
  events.filter((e): e is Event<T> => e.type === type)
const computing = (events: readonly EngineEvent[]): Event<'progress'>[] =>
  all(events, 'progress').filter((e) => e.what.startsWith('Computing linearised features'))

/** Small enough to be run many times: one task, two vectors, a coefficient a layer, four steps an epoch. */
function small(linearised: string, change: Record<string, unknown> = {}): ResolvedConfig {
  return goldenConfig('cross-entropy', {
    linearised,
    blocks: 'layer',
    vectors: goldenExample.vectors.slice(0, 2),
    tasks: goldenExample.tasks.slice(0, 1).map((t) => ({ ...t, test: t.data })),
    batch: 24,
    steps: 4,
    iterations: 2,
    start: { method: 'atlas', steps: 4, initialCoefficient: 0.2 },
    learningRate: 0.05,
    microBatch: 40,
    ...change,
  })
}

function home(): string {
  const made = mkdtempSync(join(tmpdir(), 'basil-features-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

describe.each(await backendsHere())('on %s', (prefer) => {
  let backend: Backend
  beforeAll(async () => {
    backend = await openBackend({ prefer })
  })
  afterAll(() => backend.close())

  interface Sitting {
    features?: ReturnType<typeof featureCache>
    resume?: ResumeState | null
    until?: (event: EngineEvent) => boolean // the event after which nobody listens any more
    stopping?: () => boolean
  }
  async function events(
    config: ResolvedConfig,
    { features, resume = null, until, stopping = () => false }: Sitting = {},
  ) {
    const found: EngineEvent[] = []
    const host = {
      backend,
      open: openSource,
      hash: hashFile,
      resume,
      parents: [],
      stopping,
      signal: new AbortController().signal,
    }
    for await (const event of run(config, { ...host, ...(features && { features }) })) {
      found.push(event)
      if (until?.(event)) break
    }
    return found
  }
  const chosen = (found: readonly EngineEvent[]): number[] =>
    all(found, 'stage-end').flatMap((e) => e.coefficients.flat())

  test('forward mode and precomputed features end with the same coefficients, and measure the same', async () => {
    const before = backend.memory().tensors
    const jvp = await events(small('jvp'))
    const cached = await events(small('cached'))
    expect(all(jvp, 'stage-end')).toHaveLength(3)
    expect(relativeError(chosen(cached), chosen(jvp))).toBeLessThan(1e-4)
    const losses = (found: EngineEvent[]) =>
      all(found, 'evaluation').flatMap((e) => e.evaluation.tasks.map((t) => t.loss))
    expect(relativeError(losses(cached), losses(jvp))).toBeLessThan(1e-4)
    expect(computing(jvp)).toEqual([])
    expect(backend.memory().tensors).toBe(before)
  })

  test('references and the final test are of f_lin', async () => {
    // With a coefficient of 1 on one vector, what is learned on is the fine-tuned model that is the reference.
    const change = {
      method: 'atlas',
      vectors: ['finetuned-alpha.safetensors'],
      initialCoefficient: 1,
      steps: 1,
      learningRate: 1e-9,
    }
    const config = small('cached', { ...change, weightDecay: 0, start: undefined, iterations: undefined })
    const one = { ...config, tasks: config.tasks.map((t) => ({ ...t, finetuned: config.vectors[0] ?? '' })) }
    const found = await events(one)
    const measured = (model: string) =>
      all(found, 'evaluation').findLast((e) => e.evaluation.model === model)?.evaluation.tasks[0]?.loss
    const learned = all(found, 'epoch')[0]?.tasks[0]?.loss ?? Number.NaN
    expect(Math.abs((measured('finetuned') ?? Number.NaN) / learned - 1)).toBeLessThan(1e-4)
    expect(Math.abs((measured('start') ?? Number.NaN) / learned - 1)).toBeLessThan(1e-4)
    const tower = await events({ ...one, linearised: 'no' })
    const ordinary =
      all(tower, 'evaluation').find((e) => e.evaluation.model === 'finetuned')?.evaluation.tasks[0]?.loss ?? Number.NaN
    expect(Math.abs(ordinary / learned - 1)).toBeGreaterThan(0.01) // the two models do differ here
  })

  test('task arithmetic searches its grid on the same features', async () => {
    const change = {
      method: 'task-arithmetic',
      steps: undefined,
      start: undefined,
      iterations: undefined,
      clipNorm: undefined,
    }
    const [jvp, cached] = [await events(small('jvp', change)), await events(small('cached', change))]
    const metrics = (found: EngineEvent[]) => all(found, 'epoch').map((e) => e.metric)
    expect(metrics(cached)).toHaveLength(21)
    expect(relativeError(metrics(cached), metrics(jvp))).toBeLessThan(1e-4)
  })

  test('features are computed once: not for the iterations, not for another run on them', async () => {
    const features = featureCache(home())
    const first = await events(small('cached'), { features })
    expect(computing(first).map((e) => [e.what, e.total])).toContainEqual([
      'Computing linearised features of alpha',
      96,
    ])
    expect(first.findLastIndex((e) => e.type === 'progress' && e.what.startsWith('Computing'))).toBeLessThan(
      first.findIndex((e) => e.type === 'stage'),
    )
    const second = await events(small('cached', { seed: 5, objective: 'entropy' }), { features })
    expect(computing(second)).toEqual([])
    expect(all(second, 'stage-end')).toHaveLength(3)
  })

  test('two tasks with one data file keep one file; another split, grouping or vector keeps its own', async () => {
    const folderOf = home()
    const features = featureCache(folderOf)
    const short = { method: 'atlas', steps: 1, start: undefined, iterations: undefined }
    const config = small('cached', { ...short, tasks: goldenExample.tasks.slice(0, 2) })
    const [alpha] = config.tasks
    const single = small('cached', short)
    const twice = [alpha, { ...alpha, name: 'alpha again' }] as ResolvedConfig['tasks']
    const shared = await events({ ...config, tasks: twice }, { features })
    expect(new Set(computing(shared).map((e) => e.what)).size).toBe(1)
    expect(readdirSync(folderOf)).toHaveLength(1)
    await events(config, { features })
    expect(readdirSync(folderOf)).toHaveLength(2)
    await events({ ...single, blocks: 'scalar' }, { features })
    expect(readdirSync(folderOf)).toHaveLength(3)
    await events({ ...single, vectors: config.vectors.slice(1) }, { features })
    expect(readdirSync(folderOf)).toHaveLength(4)
    await events({ ...single, activation: 'gelu' }, { features })
    expect(readdirSync(folderOf)).toHaveLength(5)
    await events({ ...single, name: 'another name', seed: 9, batch: 'all' }, { features })
    expect(readdirSync(folderOf)).toHaveLength(5)
  })

  test('killed while features are computed, the next run goes on where it was', async () => {
    const folderOf = home()
    const until = (e: EngineEvent): boolean => e.type === 'progress' && e.what.startsWith('Computing') && e.done === 80
    const config = small('cached', { microBatch: 16 })
    await events(config, { features: featureCache(folderOf), until })
    const resumed = await events(config, { features: featureCache(folderOf) })
    expect(computing(resumed).map((e) => e.done)).toEqual([80])
    expect(relativeError(chosen(resumed), chosen(await events(config)))).toBeLessThan(prefer === 'wasm' ? 1e-300 : 1e-4)
  })

  test('a damaged byte costs the computation of one image', async () => {
    const folderOf = home()
    const whole = await events(small('cached'), { features: featureCache(folderOf) })
    const [name] = readdirSync(folderOf)
    const bytes = readFileSync(join(folderOf, name as string))
    bytes[bytes.length - 7] = (bytes.at(-7) as number) ^ 64
    writeFileSync(join(folderOf, name as string), bytes)
    const again = await events(small('cached'), { features: featureCache(folderOf) })
    expect(computing(again).map((e) => e.done)).toEqual([95])
    expect(relativeError(chosen(again), chosen(whole))).toBeLessThan(prefer === 'wasm' ? 1e-300 : 1e-4)
  })

  test.each(['cached', 'jvp'])(
    '%s: broken off in any stage and resumed, a run ends with the same bits',
    async (linearised) => {
      const features = featureCache(home(), { memoryBytes: 0 }) // every table is read from disk when it is used
      const config = small(linearised)
      const whole = all(await events(config, { features }), 'stage-end')
      for (const stopAt of [2, 5]) {
        let seen = 0
        const broken = await events(config, { features, until: (e) => e.type === 'epoch' && ++seen === stopAt })
        const last = all(broken, 'epoch').at(-1)
        const resumed = all(
          await events(config, { features, resume: JSON.parse(JSON.stringify(last?.resume)) }),
          'stage-end',
        )
        expect(resumed).toEqual(whole.slice(whole.length - resumed.length))
        expect(resumed.length).toBeGreaterThan(0)
      }
    },
  )

  test('read from disk as they are used, or held in memory: the same bits', async () => {
    const folderOf = home()
    const held = await events(small('cached'), { features: featureCache(folderOf) })
    const streamed = await events(small('cached'), { features: featureCache(folderOf, { memoryBytes: 0 }) })
    expect(all(streamed, 'stage-end')).toEqual(all(held, 'stage-end'))
  })

  test('stopped while features are computed, the run ends with what it began with, measured', async () => {
    let told = 0
    const found = await events(small('cached'), {
      stopping: () => told > 0,
      until: (e) => e.type === 'progress' && e.what.startsWith('Computing') && ++told < 0,
    })
    expect(computing(found)).toHaveLength(1)
    expect(all(found, 'stage-end')).toHaveLength(1)
    expect(all(found, 'finished')).toMatchObject([{ stopped: true }])
    expect(all(found, 'evaluation').at(-1)?.evaluation).toMatchObject({ split: 'test', model: 'start' })
  })

  test('features that can never fit are refused by the check and by the run, before anything is computed', async () => {
    const folderOf = home()
    const features = featureCache(folderOf, { capBytes: 1e5 })
    const refusal = { record: { code: 'disk-full', next: expect.stringContaining('"jvp"') } }
    await expect(checkRun(small('cached'), openSource, features)).rejects.toMatchObject(refusal)
    await expect(checkRun(small('jvp'), openSource, features)).resolves.toMatchObject({ blocks: 4 })
    const found: EngineEvent[] = []
    const until = (e: EngineEvent): boolean => found.push(e) < 0
    await expect(events(small('cached'), { features, until })).rejects.toMatchObject(refusal)
    expect(all(found, 'evaluation')).toEqual([])
    expect(readdirSync(folderOf)).toEqual([])
  })
})
