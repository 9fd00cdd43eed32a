// Arrays of a length that no call has room for on its stack: a million losses, coefficients, points, groups, tensors.
import { expect, test } from 'vitest'

import { largestOf } from '../../../src-main/contract/largest.ts'
import { spanOf } from '../../../src-main/contract/run/coefficients.ts'
import type { TensorInfo } from '../../../src-main/engine/formats/tensor-file.ts'
import { recognise } from '../../../src-main/engine/layouts/clip-names.ts'
import { firstLook, nextLook } from '../../../src-main/engine/learning/looks.ts'
import { selectionBy } from '../../../src-main/engine/learning/selection.ts'
import { normal } from '../../../src-main/numbers/random.ts'
import { fairness } from '../../../src-main/numbers/statistics/fairness.ts'
import { filled } from '../../../src-main/numbers/table.ts'
import { norm } from '../../../src-main/numbers/vectors.ts'
import { accuracySentence } from '../../../src-renderer/plot/sentences.ts'
import { last, looks, stage } from '../learning/stage.ts'

const million = 1_000_000

test('that many cannot be spread into a call here, which is why nothing does', () => {
  expect(() => Math.max(...new Float64Array(million))).toThrow(RangeError)
})

test('a norm has the bits of Math.hypot, for as many numbers as there are', () => {
  for (let n = 1; n < 60; n++) {
    const x = Float64Array.from({ length: n }, (_, i) => normal(7, n, 0, i) * 10 ** ((i % 9) - 4))
    expect(norm(x)).toBe(Math.hypot(...x))
  }
  expect(norm(new Float64Array(3))).toBe(0)
  expect(norm(Float64Array.of(1e200, -1e200))).toBe(Math.hypot(1e200, 1e200)) // no square overflows
  expect(norm(new Float64Array(million).fill(2))).toBe(2000)
})

test('an epoch of a million steps is kept with its best state', () => {
  const selection = selectionBy('training-loss', [null])
  const measured = { loss: 1, tasks: [{ loss: 1, accuracy: 0 }] }
  const at = { coefficients: filled(1, 1, 0), moments: { first: filled(1, 1, 0), second: filled(1, 1, 0), step: 0 } }
  const { state } = firstLook(selection, at, measured)
  const { losses } = nextLook(selection, state, { ...measured, loss: 0.5 }, new Array(million).fill(0.25)).state
  expect(losses).toHaveLength(million)
})

test('search without gradients has room for more coefficients than a call has', { timeout: 300_000 }, async () => {
  const n = 150_000
  const groups = Array.from({ length: n }, (_, b) => `${b}`)
  const evaluate = async ([row]: Float64Array[]) => {
    const loss = (row as Float64Array).reduce((sum, v) => sum + v * v, 0)
    return { loss, tasks: [{ loss, accuracy: 0 }] }
  }
  const problem = {
    groups,
    vectors: ['one'],
    trainingCounts: [4],
    evaluate,
    lossAndGradient: () => Promise.reject(new Error('none')),
  }
  const { epoch, moments } = last(await looks(stage(problem, { method: 'cma-es', steps: 1, initialCoefficient: 1 })))
  expect(epoch).toBe(1)
  expect(Number.isFinite(moments.second[1]?.[0])).toBe(true)
})

test('largest, span, gaps, sentences and architectures of a million', () => {
  const values = Float64Array.from({ length: million }, (_, i) => i / million)
  expect(largestOf(values)).toBe((million - 1) / million)
  expect(largestOf([], 0)).toBe(0)
  expect(largestOf([1, Number.NaN, 3])).toBeNaN()
  expect(spanOf(values)).toMatchObject({ smallest: 0, largest: (million - 1) / million })
  const points = Array.from({ length: million }, (_, x) => ({ x, y: x / million }))
  expect(accuracySentence([{ stage: 0, name: 'Start', points }], 'accuracy', 'validation')).toContain(
    'the best is 100.0 %',
  )
  const many = 200_000
  const own = Array.from({ length: many }, (_, i) => `${i}`)
  expect(
    fairness(
      new Int32Array(many),
      Int32Array.from(own, (_, i) => i % 2),
      own,
      2,
      0,
    ).parity.gap,
  ).toBe(1)
  const tensors = new Map(
    Array.from({ length: many }, (_, i) => [
      `visual.transformer.resblocks.${i}.x`,
      { shape: [1] } as unknown as TensorInfo,
    ]),
  )
  expect(recognise(tensors)).toBeUndefined()
})
