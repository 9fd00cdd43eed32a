// The evolution of weights by itself, on scores that need no model: it comes near the best there are, keeps to limits,
// asks no more than it may, and by the same seed the same.
import { expect, test } from 'vitest'

import type { Scores } from '../../../src-main/workbench/scores/printed.ts'
import type { Variation } from '../../../src-main/workbench/scores/variation.ts'
import { type Evolution, evolution } from '../../../src-main/workbench/scores/ways.ts'

const wanted = [0.5, -0.25]
const score = async ({ label }: Variation): Promise<Scores> => ({
  score: -Object.values(label).reduce<number>((sum, value, i) => sum + (Number(value) - (wanted[i] ?? 0)) ** 2, 0),
})

async function asked(given: Partial<Evolution> = {}): Promise<Variation[]> {
  const seen: Variation[] = []
  const usual = { names: ['a', 'b'], weights: [1, 1], parts: [], depths: 1, sigma: 0.3, bounds: null, seed: 0 }
  const way = evolution({ ...usual, evaluations: 60, ...given })
  const kept = (variation: Variation): Promise<Scores> => {
    seen.push(variation)
    return score(variation)
  }
  await way.search(kept, (a, b) => Number(a.score) - Number(b.score))
  expect(seen).toHaveLength(way.most)
  return seen
}

test('it comes near the best weights there are', async () => {
  const seen = await asked()
  expect(seen[0]).toEqual({ label: { a: 1, b: 1 }, weights: [1, 1] })
  const scores = await Promise.all(seen.map(score))
  const best = Math.max(...scores.map((one) => Number(one.score)))
  expect(Number(scores[0]?.score)).toBeCloseTo(-1.8125, 9)
  expect(best).toBeGreaterThan(-0.02)
})

test('by the same seed the same candidates, by another others', async () => {
  const evaluations = 14
  const seen = await asked({ evaluations, seed: 3 })
  expect(await asked({ evaluations, seed: 3 })).toEqual(seen)
  expect((await asked({ evaluations, seed: 4 }))[1]).not.toEqual(seen[1])
})

test('every weight is within the limits, and a number of at most six digits', async () => {
  const seen = await asked({ bounds: [0.2, 0.9], weights: [0.5, 0.5], evaluations: 30 })
  const values = seen.flatMap(({ label }) => Object.values(label).map(Number))
  expect(Math.min(...values)).toBe(0.2) // b would be -0.25
  expect(Math.max(...values)).toBeLessThanOrEqual(0.9)
  for (const value of values) expect(Number(value.toPrecision(6))).toBe(value)
})
