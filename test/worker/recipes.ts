// Recipes as basil merge makes them: task arithmetic with one coefficient.
import { basename } from 'node:path'

import type { Recipe } from '../../src-main/contract/run/recipe.ts'
import { hashCheckpoint } from '../../src-main/files/source.ts'

export const parentOf = async (file: string): Promise<Recipe['pretrained']> => ({
  file,
  name: basename(file),
  sha256: (await hashCheckpoint(file)).sha256,
})

/** base + 0.5 (tuned - base). */
export const halfwayOf = async (base: string, tuned: string): Promise<Recipe> => ({
  basil: '2',
  steps: [],
  run: null,
  name: 'halfway',
  method: 'task-arithmetic',
  grouping: 'scalar',
  iteration: 0,
  epoch: null,
  pretrained: await parentOf(base),
  vectors: [await parentOf(tuned)],
  groups: ['all'],
  start: [[0.5]],
  iterations: [],
})
