// How long a run is said to take before it begins, against what it took; where that is known from, and what a probe
// leaves alone.
import { expect, test } from 'vitest'

import { operationsOf, workOf } from '../../../src-main/contract/run/work.ts'
import { estimateOf } from '../../../src-main/workbench/runs/estimate.ts'
import { follow, temporaryFolder, toyConfig, toyEngine, toyWorkbench } from '../toy.ts'

const images = [
  { task: 'cars', training: 40, validation: 8, test: 5 },
  { task: 'dtd', training: 25, validation: 2, test: 5 },
]
const work = (change: Parameters<typeof toyConfig>[0]) => workOf(toyConfig({ batch: 10, ...change }), images)

test('work counts images: three for one that is learned on, one for one that is looked at', () => {
  // 3 steps an epoch of 20 images; states are chosen on the 65 training images; 3 models on 10 test images
  const stage = (epochs: number): number => epochs * 3 * 20 * 3 + (epochs + 1) * 65
  expect(work({})).toBe(3 * stage(3) + 30)
  expect(work({ epochs: 6 })).toBe(stage(3) + 2 * stage(6) + 30)
  expect(work({ iterations: 1, testEach: true })).toBe(2 * stage(3) + 40)
  const noStart = { start: undefined, iterations: undefined, epochs: undefined }
  expect(work({ ...noStart, method: 'task-arithmetic' })).toBe(21 * 65 + 30)
})

test('an earlier run of the same configuration tells what the next will take', async () => {
  const workbench = await toyWorkbench(temporaryFolder(), () => toyEngine({ wait: 150 }))
  const config = toyConfig()
  const plan = await workbench.runs.check(config)
  expect(workbench.estimates.of(config, plan)).toBeNull() // nothing is known yet
  const first = await workbench.runs.start(config)
  await follow(workbench, first)
  const estimate = workbench.estimates.of(config, plan)
  expect(estimate).toMatchObject({ from: 'run', run: first })
  const second = await workbench.runs.start(toyConfig({ seed: 8 }))
  await follow(workbench, second)
  const took = workbench.runs.show(second).seconds
  console.log(`estimated ${estimate?.seconds.toFixed(2)} s, took ${took.toFixed(2)} s`)
  // and not to what it took: a machine may be slower a moment later
  expect(estimate?.seconds).toBeCloseTo(workbench.runs.show(first).seconds, 6)

  const longer = workbench.estimates.of(toyConfig({ epochs: 30 }), plan)
  expect((longer?.seconds ?? 0) / (estimate?.seconds ?? 1)).toBeGreaterThan(3)
  const all = await workbench.estimates.ofStudy([1, 2, 3].map((seed) => toyConfig({ seed })))
  const one = workbench.estimates.of(config, plan)
  expect((all.estimate?.seconds ?? 0) / (one?.seconds ?? 1)).toBeCloseTo(3, 6)
  // those of seeds 7 and 8 were done just now, under whatever name
  const some = await workbench.estimates.ofStudy([
    config,
    toyConfig({ seed: 8, name: 'other' }),
    toyConfig({ seed: 9 }),
  ])
  expect(some).toMatchObject({ runs: 3, done: 2, memoryBytes: plan.memoryBytes })
  const unlike = await workbench.estimates.ofStudy([config, toyConfig({ seed: 8, batch: 3 })])
  expect(unlike).toMatchObject({ runs: 2, done: 1, estimate: null, memoryBytes: plan.memoryBytes })
  expect(await workbench.estimates.ofStudy([])).toEqual({
    ...{ runs: 0, done: 0, estimate: null, memoryBytes: null, diskBytes: null, diskFree: expect.any(Number) },
  })
})

test('a probe measures this very configuration and leaves no run behind', async () => {
  const workbench = await toyWorkbench(temporaryFolder(), () => toyEngine({ wait: 20 }))
  const estimate = await workbench.estimates.measure(toyConfig())
  expect(estimate).toMatchObject({ from: 'probe', run: null })
  expect(estimate?.seconds).toBeGreaterThan(0.02)
  expect(workbench.runs.list({ offset: 0, limit: 10 }).total).toBe(0)
  const plan = await workbench.runs.check(toyConfig())
  expect(workbench.estimates.of(toyConfig({ seed: 3 }), plan)).toEqual(estimate) // another seed takes as long
  expect(workbench.estimates.of(toyConfig({ batch: 3 }), plan)).toBeNull()
})

test('nothing else computes beside a probe', async () => {
  const held: boolean[] = []
  const workbench = await toyWorkbench(temporaryFolder(), () => {
    held.push(workbench.jobs.isAtWork('engine'))
    return toyEngine({ wait: 20 })
  })
  await workbench.estimates.measure(toyConfig())
  expect(held).toContain(true)
  expect(workbench.jobs.isAtWork()).toBe(false)
})

test('without a run or a probe the engine’s trial tells, scaled by operations and images', () => {
  const plan = { parameters: 1, blocks: 1, vectors: 1, coefficients: 1, images: 1, memoryBytes: 1, tasks: images }
  const operations = operationsOf({ layers: 4, width: 768, mlp: 3072, tokens: 50 }) // twice the trial's
  const engine = { name: 'toy', kind: 'wasm' as const, threads: 1, simd: '', reason: '', versions: {} }
  const known = { engine: 'toy', runs: [], probed: null, trial: { engine, milliseconds: 48_000, steps: 1 } }
  const config = toyConfig({ batch: 10 })
  expect(estimateOf(config, { ...plan, operations }, known)).toEqual({
    seconds: 2 * workOf(config, images),
    from: 'trial',
    run: null,
  })
  expect(estimateOf(config, { ...plan, operations }, { ...known, engine: 'another' })).toBeNull()
})
