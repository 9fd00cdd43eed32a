// Steps, epochs and rates as the field has them.
import { describe, expect, test } from 'vitest'

import { lengthOf, rateAt, warningsOf } from '../../../src-main/engine/tuning/schedule.ts'

const task = (name: string) => ({ name, data: '', head: '' })
const length = (name: string, images: number, change: { epochs?: number; steps?: number } = {}) =>
  lengthOf({ task: task(name), batch: 128, epochs: undefined, steps: undefined, ...change }, images)

describe('the learning rate', () => {
  const config = { learningRate: 1e-5, warmup: 500 }
  test('at steps 0, 499, 500 and the last', () => {
    const at = (step: number): number => rateAt(step, config, { steps: 2000 })
    expect(at(0)).toBe(1e-5 / 500)
    expect(at(499)).toBe(1e-5)
    expect(at(500)).toBe(1e-5)
    expect(at(1250)).toBeCloseTo(0.5e-5, 20)
    expect(at(1999)).toBeCloseTo(0.5e-5 * (1 + Math.cos((Math.PI * 1499) / 1500)), 20)
    expect(at(1999)).toBeGreaterThan(0)
  })
  test('without a warm-up it begins at its highest', () => {
    expect(rateAt(0, { learningRate: 3, warmup: 0 }, { steps: 10 })).toBe(3)
  })
  test('that never leaves its warm-up is warned of, with the numbers', () => {
    const [warning = ''] = warningsOf({ warmup: 500, batch: 128 }, { steps: 300, stepsPerEpoch: 3 }, 384)
    expect(warning).toMatch(/300 steps and warms up for 500/)
    expect(warningsOf({ warmup: 500, batch: 128 }, { steps: 501, stepsPerEpoch: 3 }, 384)).toEqual([])
  })
})

describe('the length', () => {
  test.each([
    ['Cars', 7330, 35],
    ['DTD', 3384, 76],
    ['EuroSAT', 21_600, 12],
    ['GTSRB', 23_976, 11],
    ['MNIST', 55_000, 5],
    ['RESISC45', 17_010, 15],
    ['SUN397', 17_865, 14],
    ['SVHN', 68_257, 4],
  ])('of %s is that of the field', (name, images, epochs) => {
    expect(length(name, images)).toEqual({
      steps: epochs * Math.ceil(images / 128),
      stepsPerEpoch: Math.ceil(images / 128),
    })
  })
  test('of own data is about 2000 steps of 128 images, an epoch at least', () => {
    expect(length('mine', 10_000)).toEqual({ steps: 26 * 79, stepsPerEpoch: 79 })
    expect(length('mine', 10_000_000).steps).toBe(Math.ceil(10_000_000 / 128))
  })
  test('is what is said, with a small batch at the end of an epoch', () => {
    expect(length('Cars', 300, { epochs: 2 })).toEqual({ steps: 6, stepsPerEpoch: 3 })
    expect(length('Cars', 300, { steps: 7 })).toEqual({ steps: 7, stepsPerEpoch: 3 })
  })
  test('of fewer images than a batch is a step an epoch, and told', () => {
    expect(length('mine', 20, { epochs: 4 })).toEqual({ steps: 4, stepsPerEpoch: 1 })
    expect(warningsOf({ warmup: 0, batch: 128 }, { steps: 4, stepsPerEpoch: 1 }, 20)[0]).toMatch(
      /20 images, fewer than a batch/,
    )
  })
})
