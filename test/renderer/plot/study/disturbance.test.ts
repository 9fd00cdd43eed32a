// What adding two vectors does to each, in one sentence.
import { expect, test } from 'vitest'

import { disturbanceSentence } from '../../../../src-renderer/plot/study/disturbance.ts'

test('it names the error of adding both, the mean and the largest', () => {
  const tasks = ['mnist', 'cars'].map((name) => ({ name, vector: name, images: 10 }))
  const said = disturbanceSentence({
    grid: [-3, 0, 1.2, 3],
    error: [
      [2, 1, 1, 1],
      [1, 0, 0, 0],
      [1, 0, 0.25, 0],
      [1, 0, 0, 0],
    ],
    tasks,
  })
  expect(said).toBe(
    'With both vectors at 1.2 the error of mnist and cars is 0.250 of 2; over the map it is 0.516 in the mean, 2.000 at most.',
  )
})
