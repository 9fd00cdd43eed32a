// A merge without training as a run's method or its start: what is written, what it stands for, and what is refused.
import { expect, test } from 'vitest'

import { stepsOf } from '../../../src-main/contract/merges/step.ts'
import { configIssues, resolveConfig } from '../../../src-main/contract/run/resolve.ts'
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

test('a stored run by a merge is written again as it was', () => {
  for (const config of [resolved({ method: 'dv-basi', start }), resolved({ ...start, method: 'merge' })])
    expect(resolveConfig(configOfRun(config, '/m'), absolute)).toEqual(config)
})

test.each<[string, object, string, RegExp]>([
  ['no merge', { method: 'merge' }, 'merge', /name the merge/],
  ['a merge that is none', { method: 'merge', merge: 'alchemy' }, 'merge', /Invalid option/],
  ['a parameter out of its bounds', { ...start, method: 'merge', set: { density: 2 } }, 'set.density', /<=1/],
  ['a parameter that it has not', { ...start, method: 'merge', set: { depth: 2 } }, 'set', /depth/],
  ['too many weights', { ...start, method: 'merge', weights: [1, 2, 3] }, 'weights', /3 for 2/],
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
