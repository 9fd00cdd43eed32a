// A mix as a recipe: whatever course its run took, what each vector is multiplied by is the same after its iterations
// are collapsed, and the card says that it was made by hand, on which images, and that no test data was seen.
import { expect, test } from 'vitest'

import type { MixCoefficients } from '../../../src-main/contract/api/mix.ts'
import { sha256 } from '../../../src-main/contract/branded.ts'
import { effectiveCoefficients } from '../../../src-main/contract/run/coefficients.ts'
import type { Recipe } from '../../../src-main/contract/run/recipe.ts'
import { handMade, stemOf } from '../../../src-main/workbench/mix/hand-made.ts'
import type { MixOf } from '../../../src-main/workbench/mix/request.ts'

const parent = (name: string) => ({ file: name, name, sha256: sha256('a'.repeat(64)) })
const coefficients: MixCoefficients = {
  ...{
    start: [
      [0.1, 0.2],
      [0.3, -0.4],
    ],
    iterations: [
      [0.5, 0],
      [-0.25, 1],
    ],
  },
}
const ofRun = (control?: 'restart' | 'random'): Recipe => ({
  ...{ basil: '2', name: 'a run', method: 'dv-basi', grouping: 'layer', iteration: 2, epoch: null },
  ...{ run: 3 as Recipe['run'], pretrained: parent('p'), vectors: [parent('a'), parent('b')], steps: [] },
  ...{ groups: ['layer 0', 'layer 1'], ...coefficients, ...(control && { control, seed: 5 }) },
})
const mixOf = (recipe: Recipe): MixOf => ({
  request: { recipe, tasks: [], split: 'validation', onUnreadable: 'skip', config: null, files: [] },
  known: {
    ...{ name: 'Run 3: a run', split: 'validation', control: recipe.control ?? null },
    tasks: [{ name: 'mnist', aim: 'learn', own: null, pretrained: null, reference: null }],
  },
})
const moved = { grouping: 'layer' as const, groups: ['layer 0', 'layer 1'], coefficients, measured: 'mnist 90 %.' }

test.each([undefined, 'restart', 'random'] as const)('of control %s', (control) => {
  const before = ofRun(control)
  const { recipe } = handMade(mixOf(before), moved)
  expect(recipe).toMatchObject({
    run: null,
    iteration: 0,
    method: 'task-arithmetic',
    name: 'Mix by hand: Run 3: a run',
  })
  expect(effectiveCoefficients(recipe)).toEqual(effectiveCoefficients(before))
  expect(recipe.control).toBe(control === 'random' ? 'random' : undefined)
})

test('its card says how it came about', () => {
  const { chosen } = handMade(mixOf(ofRun()), moved)
  expect(chosen.data).toContain('Labelled validation images of mnist')
  expect(chosen.accuracy).toBe('On validation images, while it was made by hand: mnist 90 %.')
  expect(chosen.selection).toContain('Nothing here was measured on test data.')
  expect(handMade(mixOf(ofRun()), { ...moved, measured: '' }).chosen.accuracy).toBe('This model was not measured.')
  expect(stemOf({ run: 3 as never })).toBe('mix-of-run-3')
})
