// What an export is called when nobody says: the run's name, its number and the iteration, and one ending.
import { expect, test } from 'vitest'

import { exportName } from '../../../src-main/workbench/export/recipe.ts'

type Recipe = Parameters<typeof exportName>[0]
const recipe = (name: string, iteration: number, epoch: number | null = null) =>
  ({ name, run: 2, iteration, epoch }) as Recipe

test('has no ending of a file in its midst (bug 19)', () => {
  const of = (name: string, container: 'safetensors' | 'state_dict' = 'safetensors') =>
    exportName(recipe(name, 2), { container })
  expect(of('Refine finetuned-fashion.safetensors')).toBe('Refine-finetuned-fashion-run-2-iteration-2.safetensors')
  expect(of('Refine model.pt', 'state_dict')).toBe('Refine-model-run-2-iteration-2.pt')
  expect(of('learning rate 0.03')).toBe('learning-rate-0.03-run-2-iteration-2.safetensors')
  expect(of('…')).toBe('model-run-2-iteration-2.safetensors')
  expect(exportName(recipe('a', 0, 7), { container: 'safetensors' })).toBe('a-run-2-iteration-0-epoch-7.safetensors')
})
