// A fine-tuning's charts: a penalty only where there is one, the pre-trained model as a line, its pace of late.
import { expect, test } from 'vitest'

import type { TuningStep } from '../../../../src-main/contract/tuning/tuning.ts'
import { accuracyOf, stepCharts } from '../../../../src-renderer/plot/tuning/curves.ts'
import { imagesPerSecond, lengthText } from '../../../../src-renderer/plot/tuning/pace.ts'
import { tuningLike } from '../../tuning-fixture.ts'

const step = (at: number, more: Partial<TuningStep> = {}): TuningStep => ({
  ...{ step: at, loss: 2 - at, norm: 1, rate: 1e-5, images: 8, seconds: 0.5 },
  ...more,
})

test('a chart for each number of a step; of a penalty only where a kind has one', () => {
  const plain = stepCharts(tuningLike({ curve: [step(0), step(1)] }))
  expect(plain.map(({ title }) => title)).toEqual(['Loss', 'Learning rate', 'Norm of the gradient'])
  expect(plain[0]?.sentence).toBe('Loss: 2.000 at step 1, 1.000 at step 2.')
  expect(plain[0]?.rows()).toEqual([
    [1, '2.000'],
    [2, '1.000'],
  ])
  expect([1.05e-5, -2e-4, 0.02, 0].map((rate) => plain[1]?.yText(rate))).toEqual(['1.05e-5', '-2e-4', '0.02', '0'])
  const penalised = stepCharts(tuningLike({ curve: [step(0, { penalty: 0 })] }))
  expect(penalised.at(-1)?.title).toBe('Penalty')
  expect(stepCharts(tuningLike({}))[0]?.sentence).toBe('No step has been taken yet.')
})

test('accuracy stands beside that of the pre-trained model, as it was before the first step', () => {
  const look = (steps: number, accuracy: number | null) => ({ steps, epoch: 0, loss: null, accuracy, best: false })
  const chart = accuracyOf(tuningLike({ looks: [look(0, 0.25), look(4, 0.75), look(8, 0.5)] }))
  expect(chart?.limits[0]?.points).toEqual([
    { x: 0, y: 0.25 },
    { x: 8, y: 0.25 },
  ])
  expect(chart?.sentence).toBe('50.0 % after step 8, 75.0 % at best. The pre-trained model has 25.0 %.')
  expect(accuracyOf(tuningLike({ looks: [look(4, null)] }))).toBeNull()
  const test = {
    stopped: false,
    steps: 8,
    split: 'test' as const,
    accuracy: 0.5,
    pretrained: 0.1,
    seconds: 1,
    dataWaitSeconds: 0,
  }
  // on other images than the states were looked at on
  expect(accuracyOf(tuningLike({ looks: [look(4, 0.5)], finished: test }))?.limits).toEqual([])
})

test('its pace is that of its last steps, its length is told in epochs', () => {
  expect(imagesPerSecond([])).toBeNull()
  const slow = Array.from({ length: 30 }, (_, at) => step(at, { seconds: at < 10 ? 100 : 0.5 }))
  expect(imagesPerSecond(slow)).toBe(16)
  expect(lengthText({ steps: 12, stepsPerEpoch: 4 })).toBe('3 epochs of 4 steps')
  expect(lengthText({ steps: 6, stepsPerEpoch: 4 })).toBe('1.5 epochs of 4 steps')
})
