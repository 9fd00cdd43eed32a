// A posterior over coefficients where it is known: on a linear-Gaussian problem its mean and deviation are those of
// the closed form, coefficients that do nothing go to the spike, and what is learned is the gradient of the objective.
import { describe, expect, test } from 'vitest'

import { normal, uniform } from '../../../src-main/numbers/random.ts'
import { divergence, drawnFrom, gatedMean, posteriorOf, variablesOf } from '../../../src-main/numbers/spike-and-slab.ts'
import type { Table } from '../../../src-main/numbers/table.ts'
import { last, looks, stage } from './stage.ts'
import { weighed } from './weighed.ts'

const curvature = [
  [4, 2, 0],
  [8, 0, 1],
]
const targets = [
  [0.5, -0.8, 3],
  [0.25, -2, 0.9],
]
const images = 50
const problem = weighed(curvature, targets, images)
const prior = { deviation: 0.7, inclusion: 0.3 }
const noise = { normal: (i: number) => normal(5, 1, 0, i), uniform: (i: number) => uniform(5, 1, 0, i) }

test('the gradient of a draw and of the divergence is that of the whole objective, by finite differences', async () => {
  const variables = variablesOf(2, 3, { mean: 0.2, deviation: 0.3, inclusion: 0.6 }).map((row, r) =>
    row.map((v, b) => v + 0.1 * normal(7, 2, r, b)),
  )
  const objective = async (at: Table): Promise<number> =>
    (await problem.evaluate(drawnFrom(at, noise).coefficients, 'training')).loss + 0.4 * divergence(at, prior).value
  const { coefficients, back } = drawnFrom(variables, noise)
  const data = back((await problem.lossAndGradient(coefficients, [])).gradient)
  const pull = divergence(variables, prior).gradient
  const step = 1e-6
  for (const [r, row] of variables.entries())
    for (let b = 0; b < row.length; b++) {
      const moved = (d: number) => variables.map((line, i) => line.map((v, j) => v + (i === r && j === b ? d : 0)))
      const slope = ((await objective(moved(step))) - (await objective(moved(-step)))) / (2 * step)
      expect((data[r]?.[b] as number) + 0.4 * (pull[r]?.[b] as number)).toBeCloseTo(slope, 7)
    }
})

describe('the divergence', () => {
  const at = (of: { mean: number; deviation: number; inclusion: number }) => divergence(variablesOf(1, 1, of), prior)

  test('is 0 at the prior, with no slope, and above 0 elsewhere', () => {
    const { value, gradient } = at({ mean: 0, ...prior })
    expect(value).toBeCloseTo(0, 14)
    for (const row of gradient) expect(row[0]).toBeCloseTo(0, 14)
    expect(at({ mean: 0.1, ...prior }).value).toBeGreaterThan(0)
    expect(at({ mean: 0, deviation: 0.7, inclusion: 0.31 }).value).toBeGreaterThan(0)
  })

  test('stays a number where a coefficient is surely there, or surely not', () => {
    for (const logit of [-800, 800]) {
      const { value, gradient } = divergence([Float64Array.of(1), Float64Array.of(-3), Float64Array.of(logit)], prior)
      expect(Number.isFinite(value)).toBe(true)
      for (const row of gradient) expect(Number.isFinite(row[0])).toBe(true)
      expect(value).toBeGreaterThan(0)
    }
  })
})

test('what is there and sure is kept at pi mu, and the others are 0', () => {
  const posterior = posteriorOf([
    Float64Array.of(0.5, 0.5, -0.4, 0),
    Float64Array.of(0.1, 0.1, 0.6, 0.1).map(Math.log),
    Float64Array.of(4, -4, 4, 4),
  ])
  const pi = 1 / (1 + Math.exp(-4))
  expect(gatedMean(posterior, 1)).toEqual([Float64Array.of(pi * 0.5, 0, 0, 0)])
  expect(
    gatedMean(posterior, 0)[0]
      ?.map(Math.abs)
      .filter((c) => c > 0),
  ).toHaveLength(3)
})

test('on a linear-Gaussian problem it finds mean and deviation, and what does nothing goes to the spike', async () => {
  const change = {
    method: 'variational',
    steps: 8000,
    schedule: 'cosine',
    learningRate: 0.02,
    priorInclusion: 0.1,
  } as const
  const all = await looks(stage(problem, { ...change, priorDeviation: 1, initialCoefficient: 0.1 }, { batch: 1 }))
  const { posterior, state } = all.at(-1) ?? {}
  for (const [k, row] of curvature.entries())
    for (const [b, h] of row.entries()) {
      const [mean, deviation, inclusion] = (['mean', 'deviation', 'inclusion'] as const).map(
        (part) => posterior?.[part][k]?.[b] as number,
      ) as [number, number, number]
      if (h === 0) {
        expect(inclusion).toBeCloseTo(0.1, 1)
        expect(state?.coefficients[k]?.[b]).toBe(0)
        continue
      }
      const precision = images * h + 1
      expect(Math.abs(mean - (images * h * (targets[k]?.[b] as number)) / precision)).toBeLessThan(0.02)
      expect(Math.abs(deviation * Math.sqrt(precision) - 1)).toBeLessThan(0.1)
      expect(inclusion).toBeGreaterThan(0.9)
      expect(state?.coefficients[k]?.[b]).toBe(inclusion * mean)
    }
})

test('draws differ from step to step and from stage to stage, and are those of the seed', async () => {
  const at = async (more: object) =>
    last(await looks(stage(problem, { method: 'variational', steps: 3, initialCoefficient: 0.3 }, more))).losses
  const losses = await at({})
  expect(await at({})).toEqual(losses)
  expect(new Set(losses).size).toBe(3)
  expect((await at({ seed: 4 }))[0]).not.toBe(losses[0])
  expect((await at({ index: 1 }))[0]).not.toBe(losses[0])
})
