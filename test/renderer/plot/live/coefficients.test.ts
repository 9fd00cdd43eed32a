// Coefficients of the model at any look, gradients as far as they were followed, and the path stage by stage.
import { expect, it } from 'vitest'

import { lookName, looksOf, modelAt } from '../../../../src-renderer/plot/live/coefficients.ts'
import { gradientLines, gradientSentence } from '../../../../src-renderer/plot/live/gradients.ts'
import { pathLines, pathSentence } from '../../../../src-renderer/plot/live/path.ts'
import { stagesOf } from '../../../../src-renderer/plot/scores.ts'
import { run } from '../../run-fixture.ts'

it('an iteration scales what the stages before it left, block by block', () => {
  expect(
    modelAt(run(), 0, [
      [1, 2, 3],
      [4, 5, 6],
    ]),
  ).toEqual([
    { name: 'a', values: [1, 2, 3] },
    { name: 'b', values: [4, 5, 6] },
  ])
  // start 0.1 0.2 0.3 and 0 0 -0.5; iteration 1 0.5 0 -0.1; then this look of iteration 2
  const [a, b] = modelAt(run(), 2, [[1, 0, 1]])
  a?.values.forEach((value, i) => {
    expect(value).toBeCloseTo([0.1 * 1.5 * 2, 0.2, 0.3 * 0.9 * 2][i] ?? Number.NaN, 12)
  })
  expect(b?.values[2]).toBeCloseTo(-0.5 * 0.9 * 2, 12)
})

it('every look has its place and name', () => {
  const looks = looksOf(stagesOf(run()))
  expect(looks).toHaveLength(9)
  expect(looks[3]).toEqual({ stage: 1, epoch: 0 })
  expect([looks[3], looks[8]].map((look) => look && lookName(look))).toEqual([
    'Iteration 1, before its first step',
    'Iteration 2, after epoch 2',
  ])
})

it('norms of gradients stand at their steps; what nobody followed is a gap', () => {
  const detail = run()
  expect(gradientSentence(gradientLines(stagesOf(detail)))).toBe('No gradient has been told yet.')
  const [first] = detail.iterations
  if (first) first.epochs = first.epochs.map((e) => (e.epoch === 2 ? { ...e, gradients: [0.5, 0.25] } : e))
  const lines = gradientLines(stagesOf(detail))
  expect(lines.map(({ points }) => points.length)).toEqual([0, 4, 0])
  expect(lines[1]?.points).toEqual([
    { x: 4, y: Number.NaN },
    { x: 5, y: Number.NaN },
    { x: 6, y: 0.5 },
    { x: 7, y: 0.25 },
  ])
  expect(gradientSentence(lines)).toBe('The norm of the gradient went from 0.5000 to 0.2500 in 2 steps.')
})

it('the path goes on from stage to stage, and is told in a sentence', () => {
  const point = (stage: number, epoch: number, x: number, y: number) => ({ stage, epoch, x, y })
  const points = [point(0, 0, 0, 0), point(0, 1, 3, 4), point(1, 0, 3, 4), point(1, 1, 6, 0)]
  const lines = pathLines({ points, shares: [0.8, 0.15] })
  expect(lines.map(({ name, points: own }) => [name, own])).toEqual([
    [
      'Start',
      [
        { x: 0, y: 0 },
        { x: 3, y: 4 },
      ],
    ],
    [
      'Iteration 1',
      [
        { x: 3, y: 4 },
        { x: 3, y: 4 },
        { x: 6, y: 0 },
      ],
    ],
  ])
  expect(pathSentence({ points, shares: [0.8, 0.15] })).toBe(
    'In 4 looks the coefficients moved by 6.00; two directions explain 95.0 % of their way.',
  )
  expect(pathSentence({ points: [], shares: [0, 0] })).toBe('The coefficients have not moved yet.')
})
