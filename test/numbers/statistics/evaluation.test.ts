// What evaluations say, against values from outside: exact sums of binomial coefficients, the error function to 16
// digits, roots of the score test found by bisection, plain loops, and tables small enough to count by hand.
import { expect, test } from 'vitest'

import { uniform } from '../../../src-main/numbers/random.ts'
import { calibrationError, reliability } from '../../../src-main/numbers/statistics/calibration.ts'
import { classCounts, confusionOf, macroAccuracy } from '../../../src-main/numbers/statistics/confusion.ts'
import { fairness } from '../../../src-main/numbers/statistics/fairness.ts'
import { chiSquareTail, mcnemar } from '../../../src-main/numbers/statistics/mcnemar.ts'
import { wilson } from '../../../src-main/numbers/statistics/wilson.ts'

test.each([
  [399, 500, 0.7605971137604935, 0.8308587793244213],
  [1, 10, 0.017876213095072906, 0.4041500267952384],
  [7, 8, 0.5291118177871464, 0.9775825085499432],
  [50, 50, 0.9286524008666412, 1],
  [0, 7, 0, 0.35433043506668743],
])("Wilson's interval of %i in %i is where the score test turns", (k, n, low, high) => {
  const [a, b] = wilson(k, n)
  expect(a).toBeCloseTo(low, 13)
  expect(b).toBeCloseTo(high, 13)
  expect(a).toBeGreaterThanOrEqual(0)
  expect(b).toBeLessThanOrEqual(1)
})

test('nothing seen says nothing', () => expect(wilson(0, 0)).toEqual([0, 1]))

test.each([
  [3, 9, 0.14599609375],
  [0, 6, 0.03125],
  [5, 5, 1],
  [1, 23, 2.9802322387695312e-6],
  [10, 14, 0.5412561893463135],
  [0, 0, 1],
])('McNemar of %i and %i: few discordant images, p is exact', (b, c, p) => {
  const found = mcnemar(b, c)
  expect(found).toMatchObject({ onlyFirst: b, onlySecond: c, statistic: null })
  expect(Math.abs(found.p / p - 1)).toBeLessThan(1e-12)
  expect(mcnemar(c, b).p).toBe(found.p)
})

test.each([
  [11, 46, 20.280701754385966, 6.687169013309117e-6],
  [21, 7, 6.035714285714286, 0.01401927711395995],
  [23, 17, 0.625, 0.4291953004403492],
  [20, 20, 0, 1],
  [300, 420, 19.668055555555554, 9.212865413257204e-6],
  [5, 300, 283.3967213114754, 1.3658636623083113e-63],
])('McNemar of %i and %i: many, by chi-square with the correction for continuity', (b, c, statistic, p) => {
  const found = mcnemar(b, c)
  expect(found.statistic).toBeCloseTo(statistic, 12)
  expect(Math.abs(found.p / p - 1)).toBeLessThan(1e-11)
})

test('the two ways to the tail of chi-square meet where one takes over from the other', () => {
  expect(Math.abs(chiSquareTail(3 - 1e-12) / chiSquareTail(3) - 1)).toBeLessThan(1e-11)
  expect(chiSquareTail(3.841458820694124)).toBeCloseTo(0.05, 14) // the table's 95 % quantile
})

const n = 400
const classes = 4
const draw = (stream: number, i: number): number => uniform(7, stream, 0, i)
const labels = Int32Array.from({ length: n }, (_, i) => Math.floor(classes * draw(1, i)))
const predicted = labels.map((label, i) => (draw(2, i) < 0.6 ? label : Math.floor(classes * draw(3, i))))

test('a confusion matrix has every image once; its rows, columns and diagonal are the counts of each class', () => {
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  labels.forEach((label, i) => {
    const row = matrix[label] as number[]
    row[predicted[i] as number] = (row[predicted[i] as number] as number) + 1
  })
  const cells = confusionOf(labels, predicted, classes)
  expect(cells).toEqual(matrix.flatMap((row, y) => row.flatMap((count, p) => (count ? [[y, p, count]] : []))))
  const counts = classCounts(cells, classes)
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
  expect(counts).toEqual(
    matrix.map((row, c) => ({
      images: sum(row),
      correct: row[c],
      predicted: sum(matrix.map((other) => other[c] as number)),
    })),
  )
  expect(macroAccuracy(counts)).toBeCloseTo(sum(matrix.map((row, c) => (row[c] as number) / sum(row))) / classes, 14)
})

test('classes without images are left out of the mean over classes', () => {
  const counts = classCounts(confusionOf(Int32Array.of(0, 0, 2, 2), Int32Array.of(0, 1, 2, 2), 4), 4)
  expect(counts.map(({ images }) => images)).toEqual([2, 0, 2, 0])
  expect(macroAccuracy(counts)).toBe(0.75)
})

test('the calibration error is that of a plain loop over bins, also for confidences on their edges', () => {
  const confidence = Float64Array.from({ length: n }, (_, i) => (i < 16 ? i / 15 : draw(4, i)))
  const correct = Array.from(confidence, (c, i) => draw(5, i) < c)
  let expected = 0
  for (let k = 0; k < 15; k++) {
    const inside = [...confidence.keys()].filter((i) => {
      const c = confidence[i] as number
      return (c > k / 15 || (k === 0 && c === 0)) && c <= (k + 1) / 15
    })
    if (inside.length === 0) continue
    const accuracy = inside.filter((i) => correct[i]).length / inside.length
    const mean = inside.reduce((sum, i) => sum + (confidence[i] as number), 0) / inside.length
    expected += (inside.length / n) * Math.abs(accuracy - mean)
  }
  const bins = reliability(confidence, correct)
  expect(bins.reduce((sum, { images }) => sum + images, 0)).toBe(n)
  expect(calibrationError(bins)).toBeCloseTo(expected, 14)
  expect(calibrationError(reliability([1, 1, 1], [true, true, true]))).toBe(0)
  expect(calibrationError(reliability([0.9, 0.9], [false, false]))).toBeCloseTo(0.9, 14)
})

/** Images of a group: how many of each (label, prediction). */
const rows: [group: string, label: number, predicted: number, count: number][] = [
  ['a', 1, 1, 4],
  ['a', 1, 0, 1],
  ['a', 0, 1, 1],
  ['a', 0, 0, 4],
  ['b', 1, 1, 1],
  ['b', 1, 0, 3],
  ['b', 0, 1, 3],
  ['b', 0, 0, 3],
]
function table(of: typeof rows): [Int32Array, Int32Array, string[]] {
  const images = of.flatMap(([group, label, guess, count]) =>
    Array.from({ length: count }, () => ({ group, label, guess })),
  )
  return [Int32Array.from(images, (i) => i.label), Int32Array.from(images, (i) => i.guess), images.map((i) => i.group)]
}

test('gaps of a table counted by hand: called + are 5 of 10 and 4 of 10; of the positive 4/5 and 1/4, of the others 1/5 and 3/6', () => {
  const found = fairness(...table(rows), 2, 1)
  expect(found.groups).toEqual([
    { group: 'a', images: 10, correct: 8 },
    { group: 'b', images: 10, correct: 4 },
  ])
  expect(found.parity).toEqual({ gap: expect.closeTo(0.1, 14), class: 1 })
  expect(found.odds).toEqual({ gap: expect.closeTo(0.8 - 0.25, 14), class: 1 })
})

test('a group without a positive image counts for parity and false alarms, and says nothing of what it has none of', () => {
  const found = fairness(...table([...rows, ['c', 0, 0, 2]]), 2, 1)
  expect(found.parity.gap).toBeCloseTo(0.5, 14)
  expect(found.odds.gap).toBeCloseTo(0.55, 14)
  expect(fairness(...table(rows.filter(([group]) => group === 'a')), 2, 1)).toMatchObject({
    parity: { gap: 0 },
    odds: { gap: 0 },
  })
})

test('without a chosen class the gaps are the largest of all classes, and say whose', () => {
  const groups = Array.from(labels, (_, i) => ['x', 'y', 'z'][Math.floor(3 * draw(6, i))] as string)
  const all = fairness(labels, predicted, groups, classes, null)
  const each = Array.from({ length: classes }, (_, c) => fairness(labels, predicted, groups, classes, c))
  expect(all.parity).toEqual(each.map(({ parity }) => parity).sort((a, b) => b.gap - a.gap)[0])
  expect(all.odds).toEqual(each.map(({ odds }) => odds).sort((a, b) => b.gap - a.gap)[0])
})
