// What a study stands for: arms, parts, sweeps and seeds become runs, each a sound configuration of its own; and the
// controls of an iterated method have its budget, its data and its seed.
import { expect, test } from 'vitest'

import type { RunConfig } from '../../../src-main/contract/run/config.ts'
import { resolveConfig } from '../../../src-main/contract/run/resolve.ts'
import {
  controlArms,
  controlsOf,
  type PlannedRun,
  parseStudy,
  plannedRuns,
} from '../../../src-main/contract/run/study.ts'
import { toyFile } from '../../workbench/toy-run.ts'

const file: RunConfig = { ...toyFile, initialCoefficient: 0.1 }
const planned = (change: object, draw: (i: number) => number = () => 0): PlannedRun[] =>
  plannedRuns(parseStudy({ name: 'toy', config: toyFile, ...change }), draw)

test('runs go seed by seed, every arm with the same seed before the next', () => {
  const runs = planned({
    arms: [{ label: 'as it is' }, { label: 'faster', change: { learningRate: 0.1 } }],
    seeds: [4, 9],
  })
  expect(runs.map(({ arm, seed }) => `${arm} ${seed}`)).toEqual(['as it is 4', 'faster 4', 'as it is 9', 'faster 9'])
  expect(runs.map(({ config }) => [config.seed, config.learningRate])).toEqual([
    [4, undefined],
    [4, 0.1],
    [9, undefined],
    [9, 0.1],
  ])
  expect(runs[3]?.config.name).toBe('toy: faster, seed 9')
})

test('without arms the configuration is the only one, under its own name', () => {
  expect(planned({}).map(({ arm, seed, config }) => [arm, seed, config.method])).toEqual([['toy run', 0, 'dv-basi']])
})

test('fields of the start change one by one; null takes a field away, or is its value where it can be', () => {
  const change = { 'start.epochs': null, 'start.steps': 5, iterations: null, clipNorm: null }
  const [run] = planned({ arms: [{ label: 'a', change }] })
  expect(run?.config.start).toEqual({ method: 'atlas', steps: 5 })
  expect(run?.config).not.toHaveProperty('iterations')
  expect(run?.config.clipNorm).toBeNull()
  const other = { method: 'atlas', start: null, iterations: null }
  expect(planned({ arms: [{ label: 'a', change: other }] })[0]?.config).not.toHaveProperty('start')
})

test('a grid takes every combination, a list the n-th values of all fields, within every arm', () => {
  const fields = { learningRate: [0.1, 0.2], 'start.epochs': [1, 2] }
  const rates = (runs: PlannedRun[]) =>
    runs.map(({ arm, config }) => `${arm}: ${config.learningRate} ${config.start?.epochs}`)
  expect(rates(planned({ sweep: { fields } }))).toEqual([
    'learningRate 0.1, start.epochs 1: 0.1 1',
    'learningRate 0.1, start.epochs 2: 0.1 2',
    'learningRate 0.2, start.epochs 1: 0.2 1',
    'learningRate 0.2, start.epochs 2: 0.2 2',
  ])
  const arms = [{ label: 'a' }, { label: 'b', change: { iterations: 1 } }]
  expect(rates(planned({ arms, sweep: { fields, how: 'list' } }))).toEqual([
    'a, learningRate 0.1, start.epochs 1: 0.1 1',
    'a, learningRate 0.2, start.epochs 2: 0.2 2',
    'b, learningRate 0.1, start.epochs 1: 0.1 1',
    'b, learningRate 0.2, start.epochs 2: 0.2 2',
  ])
})

test('random values lie in their range, evenly or by their logarithm, and follow from the draws alone', () => {
  const sweep = {
    how: 'random',
    samples: 3,
    fields: {
      learningRate: { from: 0.001, to: 0.1, log: true },
      weightDecay: { from: 1, to: 3 },
      blocks: ['tensor', 'layer'],
    },
  }
  const draws = [0, 0.5, 0.999, 0.5, 0.25, 0, 0.9999, 0, 0.5]
  const runs = planned({ sweep }, (i) => draws[i] as number)
  expect(runs.map(({ config: c }) => [c.learningRate, c.weightDecay, c.blocks])).toEqual([
    [0.001, 2, 'layer'],
    [0.01, 1.5, 'tensor'],
    [expect.closeTo(0.1, 3), 1, 'layer'],
  ])
})

const refused: [string, object, RegExp][] = [
  ['two arms of one name', { arms: [{ label: 'a' }, { label: 'a' }] }, /a two arms have this name/],
  ['a field there is not', { arms: [{ label: 'a', change: { rate: 1 } }] }, /^a rate: there is no such field/],
  [
    'a field of the start there is not',
    { arms: [{ label: 'a', change: { 'start.rate': 1 } }] },
    /^a start.rate: there is no such field/,
  ],
  ['what contradicts itself', { arms: [{ label: 'a', change: { method: 'atlas' } }] }, /^a start: atlas has no start/],
  ['a range in a grid', { sweep: { fields: { learningRate: { from: 1, to: 2 } } } }, /^learningRate .* cannot walk/],
  [
    'lists of different lengths',
    { sweep: { how: 'list', fields: { batch: [1], iterations: [1, 2] } } },
    /different lengths/,
  ],
  ['a logarithm of 0', { sweep: { how: 'random', fields: { weightDecay: { from: 0, to: 1, log: true } } } }, /above 0/],
  ['the seed in an arm', { arms: [{ label: 'a', change: { seed: 3 } }] }, /^seed it is varied/],
  ['a seed twice', { seeds: [1, 1] }, /^seeds/],
  [
    'more runs than anyone waits for',
    {
      sweep: { how: 'random', samples: 500, fields: { weightDecay: { from: 0, to: 1 } } },
      seeds: Array.from({ length: 21 }, (_, seed) => seed),
    },
    /10500 runs/,
  ],
  ['a configuration that is none', { config: { method: 'atlas' } }, /^config.pretrained/],
]
test.each(refused)('%s is refused, with its place', (_, change, why) => {
  const thrown = (() => {
    try {
      planned(change, (i) => i / 500)
    } catch (error) {
      return error
    }
  })()
  expect(thrown).toMatchObject({ record: { code: 'config-invalid' } })
  const { where, why: reason } = (thrown as { record: { where: string; why: string } }).record
  expect(`${where} ${reason}`).toMatch(why)
})

test('what is drawn twice is run once', () => {
  const sweep = { how: 'random', samples: 6, fields: { blocks: ['tensor', 'layer'] } }
  expect(planned({ sweep }, (i) => (i % 2) / 2).map(({ config }) => config.blocks)).toEqual(['tensor', 'layer'])
})

test('parts make one arm of several configurations', () => {
  const arms = [
    { label: 'a', part: 'cars', change: { learningRate: 0.1 } },
    { label: 'a', part: 'dtd', change: { learningRate: 0.2 } },
  ]
  expect(planned({ arms }).map(({ arm, part, config }) => [arm, part, config.learningRate, config.name])).toEqual([
    ['a', 'cars', 0.1, 'toy: a, cars, seed 0'],
    ['a', 'dtd', 0.2, 'toy: a, dtd, seed 0'],
  ])
})

test('every control has the budget and the data of the method', () => {
  const runs = plannedRuns(controlsOf(file), () => 0)
  expect(runs.map(({ arm }) => arm)).toEqual([
    'DV-BASI',
    'isotropic',
    'random direction',
    'restart only',
    'one long run',
    'larger rate',
    'no decay',
  ])
  const resolved = runs.map(({ config }) => resolveConfig(config, (path) => path))
  const epochs = resolved.map(
    ({ start, iterations, iteration }) => (start.epochs ?? 0) + iterations * (iteration?.epochs ?? 0),
  )
  expect(epochs).toEqual(epochs.map(() => 9))
  for (const { tasks, vectors, objective, select, batch } of resolved)
    expect({ tasks, vectors, objective, select, batch }).toEqual({
      tasks: resolved[0]?.tasks,
      vectors: resolved[0]?.vectors,
      objective: resolved[0]?.objective,
      select: resolved[0]?.select,
      batch: resolved[0]?.batch,
    })
  const differing = (i: number) =>
    Object.entries(resolved[i] ?? {}).flatMap(([key, v]) =>
      key !== 'name' &&
      JSON.stringify(v) !== JSON.stringify((resolved[0] as Record<string, unknown> | undefined)?.[key])
        ? [key]
        : [],
    )
  expect(differing(1)).toEqual(['control'])
  expect(differing(2)).toEqual(['control'])
  expect(differing(3)).toEqual(['control', 'iteration']) // free coefficients begin at 0, where they are
  expect(resolved[3]?.iteration?.initialCoefficient).toBe(0)
  expect(differing(6)).toEqual(['start', 'iteration'])
})

test('the one long run learns as its start did, in steps or epochs, whatever the iterations are told', () => {
  const config: RunConfig = {
    ...toyFile,
    learningRate: 0.5,
    steps: 7,
    epochs: undefined,
    start: { method: 'adamerging', steps: 11 },
  }
  const arm = controlArms(config).find(({ label }) => label === 'one long run')
  const [run] = planned({ config, arms: [arm] })
  const long = resolveConfig(run?.config, (path) => path)
  const { start } = resolveConfig(config, (path) => path)
  expect(long.start).toEqual({ ...start, steps: 25 })
  expect(long.iterations).toBe(0)
})

test('a start that learns nothing has no long run, and what has no iterations no controls', () => {
  const fixed: RunConfig = { ...toyFile, start: { method: 'task-arithmetic' } }
  expect(controlArms(fixed).map(({ label }) => label)).not.toContain('one long run')
  const { start: _, iterations: __, ...atlas } = toyFile
  expect(() => controlsOf({ ...atlas, method: 'atlas' })).toThrow(/iterations to control/)
})
