// Merges that are linear in their vectors become task arithmetic of the same models: weights and alpha are shares.
// That the models are the same is tested where they are computed (test/worker/mix.test.ts).
import { expect, test } from 'vitest'

import type { Step } from '../../../src-main/contract/merges/step.ts'
import { linearForm } from '../../../src-main/contract/mix/linear.ts'
import type { Recipe } from '../../../src-main/contract/run/recipe.ts'

const recipe = (step: Step, start: number[]): Recipe => ({
  ...{ basil: '2', run: null, name: 'a merge', method: step.method, grouping: 'scalar', iteration: 0, epoch: null },
  ...{ pretrained: { file: 'p', name: 'p', sha256: '' as Recipe['pretrained']['sha256'] }, groups: ['all'] },
  vectors: ['a', 'b'].map((name) => ({ file: name, name, sha256: '' as Recipe['pretrained']['sha256'] })),
  ...{ steps: [step], start: start.map((c) => [c]), iterations: [] },
})
const sharesOf = (step: Step, lambda = 1): number[] | null => {
  const { method, start } = linearForm(recipe(step, [lambda]))
  return method === 'task-arithmetic' ? start.map(([c]) => c ?? Number.NaN) : null
}

test('a weighted average of differences, and WiSE-FT, have a share for each model', () => {
  const average = (parameters: object, weights?: number[]): Step => ({
    ...{ method: 'weighted-average', parameters: { of: 'differences', ...parameters } },
    ...(weights && { weights }),
  })
  expect(sharesOf(average({}))).toEqual([0.5, 0.5])
  expect(sharesOf(average({}, [3, 1]), 0.8)).toEqual([0.6000000000000001, 0.2])
  expect(sharesOf(average({ normalize: false }, [3, 1]))).toEqual([3, 1])
  expect(sharesOf({ method: 'wise-ft', parameters: { alpha: 0.5 }, weights: [1, 3] })).toEqual([0.125, 0.375])
})

test('what is not linear, or differs from tensor to tensor, keeps its steps and their coefficient', () => {
  expect(sharesOf({ method: 'ties', parameters: {} })).toBeNull()
  expect(sharesOf({ method: 'weighted-average', parameters: { of: 'models' } })).toBeNull()
  expect(sharesOf({ method: 'wise-ft', parameters: { alpha: { gradient: [0, 1] } } })).toBeNull()
  expect(sharesOf({ method: 'wise-ft', parameters: {}, weights: [1, { gradient: [0, 1] }] })).toBeNull()
  const plain = recipe({ method: 'task-arithmetic', parameters: {} }, [0.3, 0.2])
  expect(linearForm(plain)).toBe(plain)
})
