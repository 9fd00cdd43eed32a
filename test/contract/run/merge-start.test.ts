// A merge without training as a run's method or its start: what is written, what it stands for, and what is refused.
import { expect, test } from 'vitest'

import { stepsOf } from '../../../src-main/contract/merges/step.ts'
import { configIssues, resolveConfig } from '../../../src-main/contract/run/resolve.ts'
import { parseStudy, plannedRuns } from '../../../src-main/contract/run/study.ts'
import { configOfRun } from '../../../src-renderer/state/run/config-of-run.ts'

const plain = {
  pretrained: 'pre.safetensors',
  vectors: ['a.safetensors', 'b.safetensors'],
  tasks: [{ name: 'a', data: 'd#a', head: 'd#head.a' }],
}
const start = { method: 'merge', merge: 'ties', set: { density: 0.4 }, weights: [1, 0.5] }
const absolute = (path: string): string => `/m/${path}`
const resolved = (config: object) => resolveConfig({ ...plain, ...config }, absolute)
const issues = (config: object) => configIssues({ ...plain, ...config })

test('a start by a merge is a step of the recipe, with the coefficient of its own', () => {
  const config = resolved({ method: 'dv-basi', start })
  expect(stepsOf(config)).toEqual([{ method: 'ties', parameters: { density: 0.4 }, weights: [1, 0.5] }])
  expect(config.start).toMatchObject({ method: 'merge', initialCoefficient: 1 })
  expect(resolved({ method: 'merge', merge: 'task-arithmetic' }).start.initialCoefficient).toBe(0.3)
  expect(resolved({ method: 'dv-basi', start: { ...start, initialCoefficient: 0.7 } }).start.initialCoefficient).toBe(
    0.7,
  )
  expect(stepsOf(resolved({ method: 'atlas' }))).toEqual([])
})

const both = [...plain.tasks, { name: 'b', data: 'd#b', head: 'd#head.b' }]

test('a merge that looks at images starts a run, and an arm of a study, on the tasks of its models', () => {
  const regmean = { method: 'merge', merge: 'regmean', set: { images: 64, seed: 7 } }
  const config = resolved({ method: 'dv-basi', tasks: both, start: regmean })
  expect(stepsOf(config)).toEqual([{ method: 'regmean', parameters: { images: 64, seed: 7 } }])
  expect(config.tasks.map(({ finetuned }) => finetuned)).toEqual(config.vectors)
  const study = {
    name: 'starts',
    config: { ...plain, tasks: both, method: 'dv-basi', start: { method: 'atlas' } },
    arms: [{ label: 'atlas' }, { label: 'RegMean', change: { start: regmean } }],
  }
  const runs = plannedRuns(parseStudy(study), () => 0)
  expect(runs.map(({ arm, config: { start: of } }) => [arm, of?.merge])).toEqual([
    ['atlas', undefined],
    ['RegMean', 'regmean'],
  ])
  for (const merge of ['fisher', 'regmean-plus-plus', 'pave', 'esm'])
    expect(issues({ method: 'merge', merge, tasks: both })).toEqual([])
})

test('a stored run by a merge is written again as it was', () => {
  for (const config of [resolved({ method: 'dv-basi', start }), resolved({ ...start, method: 'merge' })])
    expect(resolveConfig(configOfRun(config, '/m'), absolute)).toEqual(config)
})

test.each<[string, object, string, RegExp]>([
  ['no merge', { method: 'merge' }, 'merge', /name the merge/],
  ['a merge that is none', { method: 'merge', merge: 'alchemy' }, 'merge', /one of the \d+ there are/],
  ['a parameter out of its bounds', { ...start, method: 'merge', set: { density: 2 } }, 'set.density', /at most 1/],
  ['a parameter that it has not', { ...start, method: 'merge', set: { depth: 2 } }, 'set', /depth/],
  ['too many weights', { ...start, method: 'merge', weights: [1, 2, 3] }, 'weights', /3 for 2/],
  [
    'a model whose task has no images',
    { method: 'merge', merge: 'regmean', tasks: [{ ...plain.tasks[0], name: 'other' }] },
    'tasks',
    /^regmean wants the inputs' second moments .*, and no task is that of a\.safetensors, b\.safetensors$/,
  ],
  ['parts of vectors', { method: 'merge', merge: 'regmean', tasks: both, parts: 2 }, 'parts', /merges whole models/],
  ['a method that takes none', { method: 'atlas', merge: 'ties' }, 'merge', /only method "merge" has it/],
  [
    'a start that takes none',
    { method: 'dv-basi', start: { method: 'atlas', set: {} } },
    'start.set',
    /only start "merge" has it/,
  ],
])('refused: %s', (_, config, field, message) => {
  expect(issues(config)).toEqual(expect.arrayContaining([{ field, message: expect.stringMatching(message) }]))
})
