// What a stage tells of each step besides its loss: the norm of its gradient; and how it is counted as it goes.
import { expect, test } from 'vitest'

import { createPace } from '../../../src-main/engine/learning/pace.ts'
import { quadratic } from './quadratic.ts'
import { looks, stage } from './stage.ts'

test('each look has the norms of the gradients of its steps, taken before them', async () => {
  const all = await looks(stage(quadratic([[3, 4]]), { steps: 3 }, { batch: 5 })) // two steps an epoch
  expect(all.map(({ gradients }) => gradients?.length)).toEqual([undefined, 2, 1])
  expect(all[1]?.gradients?.[0]).toBe(5) // from 0 to (3, 4)
  // 0.5 |c - target|^2: the norm is the root of twice the loss
  for (const { losses, gradients = [] } of all)
    gradients.forEach((norm, i) => {
      expect(norm).toBeCloseTo(Math.sqrt(2 * (losses[i] ?? Number.NaN)), 10)
    })
})

test('steps are counted as they are done, from where a stage goes on', async () => {
  let now = 0
  const pace = createPace(() => (now += 250))
  pace.begin(3, 40)
  await looks(stage(quadratic([[1]]), { steps: 6 }, { pace }))
  expect(pace.told()).toEqual({ stage: 3, step: 46, stepSeconds: 0.25, imageSeconds: null, measuring: null })
})
