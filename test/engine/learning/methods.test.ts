// What each method does, on a quadratic whose optimum is known; what all of them do is in methods-list.test.ts.
import { describe, expect, test } from 'vitest'

import type { StageSettings } from '../../../src-main/contract/run/stage.ts'
import {
  fromDifferenceVector,
  fromRestart,
  isotropic,
  nextIteration,
} from '../../../src-main/engine/learning/difference-vector.ts'
import type { Problem } from '../../../src-main/engine/learning/problem.ts'
import { selectionBy } from '../../../src-main/engine/learning/selection.ts'
import type { Stage } from '../../../src-main/engine/learning/stage.ts'
import { quadratic } from './quadratic.ts'
import { last, looks as looksOf, stage } from './stage.ts'

const looks = (name: StageSettings['method'], given: Stage) => looksOf(given, name)

test('aTLAS walks to the optimum and keeps the best state it saw', async () => {
  const state = last(await looks('atlas', stage(quadratic([[0.5, -0.25, 1]]), { steps: 300 })))
  state.best.coefficients[0]?.forEach((c, b) => expect(c).toBeCloseTo([0.5, -0.25, 1][b] as number, 2))
  expect(state.best.metric).toBeLessThan(1e-3)
})

test('with all data in every step, a state is measured once: steps + the last look', async () => {
  const problem = quadratic([[0.5]])
  await looks('atlas', stage(problem, { steps: 12 }))
  expect(problem.calls).toBe(12)
})

test('task arithmetic finds the best of its 21 points', async () => {
  const all = await looks('task-arithmetic', stage(quadratic([[0.36, 0.36]])))
  expect(all).toHaveLength(21)
  expect(last(all).best.coefficients[0]?.[0]).toBeCloseTo(0.35, 12)
})

test('a checkpoint is taken as it is', async () => {
  const all = await looks('checkpoint', stage(quadratic([[0.2, 2]])))
  expect(all).toHaveLength(1)
  expect(last(all).best.coefficients).toEqual([new Float64Array([1, 1])])
})

describe('a DV-BASI iteration', () => {
  test('improves where the difference vector helps', async () => {
    const delta = fromDifferenceVector(quadratic([[1.5, 0.5]]), new Float64Array([1, 1]))
    const state = last(await looks('dv-basi', stage(delta, { steps: 200, initialCoefficient: 0.1 })))
    expect(state.best.metric).toBeLessThan(state.still)
    expect(state.best.coefficients[0]?.[0]).toBeCloseTo(0.5, 1)
    expect(state.best.coefficients[0]?.[1]).toBeCloseTo(-0.5, 1)
  })

  test('that starts at the optimum beats nothing: its start stays a candidate', async () => {
    const delta = fromDifferenceVector(quadratic([[1, 1]]), new Float64Array([1, 1]))
    const state = last(await looks('dv-basi', stage(delta, { steps: 5, initialCoefficient: 0.5 })))
    expect(state.still).toBe(0)
    expect(state.best.metric).toBeGreaterThan(state.still)
  })

  test('sees the model of the collapse identity: s (1 + lambda) delta, with the gradient of it', async () => {
    const problem = quadratic([[0.3, -0.7, 0.2]], [[2, 1, 0.5]])
    const s = new Float64Array([1.1, 0.8, 0])
    const lambda = [new Float64Array([0.2, -0.4, 5])]
    const seen = fromDifferenceVector(problem, s)
    const direct = await problem.evaluate([new Float64Array([1.1 * 1.2, 0.8 * 0.6, 0])])
    expect((await seen.evaluate(lambda, 'training')).loss).toBeCloseTo(direct.loss, 14)
    const { gradient } = await seen.lossAndGradient(lambda, [])
    for (let b = 0; b < 3; b++) {
      const h = 1e-6
      const at = async (d: number) =>
        (await seen.evaluate([lambda[0]?.map((v, i) => v + (i === b ? d : 0)) as Float64Array], 'training')).loss
      expect(gradient[0]?.[b]).toBeCloseTo(((await at(h)) - (await at(-h))) / (2 * h), 6)
    }
    expect(Math.abs(gradient[0]?.[2] as number)).toBe(0) // a block scaled to nothing is dead for ever
  })
})

test('patience ends a stage after so many epochs without a better state', async () => {
  const all = await looks(
    'atlas',
    stage(quadratic([[0]]), { steps: 50, patience: 3, initialCoefficient: 0, learningRate: 0.5 }),
  )
  expect(last(all).epoch).toBe(3)
})

test('stopping ends a stage at its next look and keeps the best so far', async () => {
  let asked = 0
  const all = await looks('atlas', stage(quadratic([[1]]), {}, { stopping: () => ++asked > 4 }))
  expect(last(all).epoch).toBe(4)
})

test('an epoch is a pass over the shortest task, and every image of it is used once', async () => {
  const seen: number[] = []
  const problem = quadratic([[1], [2]])
  const counted: Problem = {
    ...problem,
    trainingCounts: [10, 25],
    lossAndGradient: (c, batch) => {
      seen.push(...(batch[0] ?? []))
      expect(batch[1]?.length).toBe(4)
      return problem.lossAndGradient(c, batch)
    },
  }
  await looks('atlas', stage(counted, { steps: null, epochs: 2 }, { batch: 4 }))
  expect(seen.slice(0, 10).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(seen).toHaveLength(20)
  expect(seen.slice(0, 10)).not.toEqual(seen.slice(10))
})

test('validation accuracy is relative to the fine-tuned models where they are known', () => {
  const measured = {
    loss: 0,
    tasks: [
      { loss: 0, accuracy: 0.4 },
      { loss: 0, accuracy: 0.9 },
    ],
  }
  expect(selectionBy('validation-accuracy', [0.8, 0.9]).metric(measured)).toBeCloseTo(0.75, 12)
  expect(selectionBy('validation-accuracy', [0.8, null]).metric(measured)).toBeCloseTo(0.65, 12)
})

describe('the next iteration', () => {
  const problem = quadratic([[0.3, -0.7, 0.2]], [[2, 1, 0.5]])
  const before = [Float64Array.of(0.2, -0.4, 1), Float64Array.of(-0.1, 0.5, 0)]
  const lambda = [Float64Array.of(0.3, 0.1, -0.2)]
  const at = (coefficients: readonly number[]) => problem.lossAndGradient([Float64Array.from(coefficients)], [])

  test('of DV-BASI is seen from the product of what the ones before scaled by', async () => {
    const s = [1.2 * 0.9, 0.6 * 1.5, 2]
    const direct = await at(s.map((v, b) => v * (1 + (lambda[0]?.[b] as number))))
    const seen = await nextIteration(problem, before, 'none').lossAndGradient(lambda, [])
    expect(seen.loss).toBeCloseTo(direct.loss, 14)
    s.forEach((v, b) => expect(seen.gradient[0]?.[b]).toBeCloseTo(v * (direct.gradient[0]?.[b] as number), 14))
  })

  test('of a restart is seen from their sum', async () => {
    const direct = await at([1 + 0.1 + 0.3, 1 + 0.1 + 0.1, 1 + 1 - 0.2])
    const seen = await nextIteration(problem, before, 'restart').lossAndGradient(lambda, [])
    expect(seen.loss).toBeCloseTo(direct.loss, 14)
    direct.gradient[0]?.forEach((g, b) => expect(seen.gradient[0]?.[b]).toBeCloseTo(g, 14))
  })

  test('that is isotropic has one gradient for all blocks', async () => {
    const plain = await nextIteration(problem, before, 'none').lossAndGradient(lambda, [])
    const seen = await nextIteration(problem, before, 'isotropic').lossAndGradient(lambda, [])
    const sum = plain.gradient[0]?.reduce((a, b) => a + b, 0) as number
    for (const g of seen.gradient[0] ?? []) expect(g).toBeCloseTo(sum / Math.sqrt(3), 14)
  })
})

describe('controls of DV-BASI', () => {
  test('isotropic: every block has one coefficient, that of the best scalar', async () => {
    const along = fromDifferenceVector(quadratic([[1.5, 0.5, 1.4]]), new Float64Array([1, 1, 1]))
    const all = await looks('dv-basi', stage(isotropic(along), { steps: 300, initialCoefficient: 0.1 }))
    for (const { state } of all) expect(new Set(state.coefficients[0]).size).toBe(1)
    expect(last(all).best.coefficients[0]?.[0]).toBeCloseTo((1.5 + 0.5 + 1.4) / 3 - 1, 2)
  })

  test('restart: coefficients are free, and the gradient is that of the vector itself', async () => {
    const problem = quadratic([[0.3, -0.7]])
    const seen = fromRestart(problem, new Float64Array([0.5, 0]))
    const lambda = [new Float64Array([0.2, -0.1])]
    const direct = await problem.lossAndGradient([new Float64Array([0.7, -0.1])], [])
    expect(await seen.lossAndGradient(lambda, [])).toEqual(direct)
    const state = last(await looks('dv-basi', stage(seen, { steps: 300, initialCoefficient: 0 })))
    // a block at 0 comes back to life, as none of DV-BASI's does
    expect(state.best.coefficients[0]?.[1]).toBeCloseTo(-0.7, 1)
  })
})
