// The suite of every method in the list, on a problem of two vectors: looks are what a stage can be resumed after to
// the same bits, the best of them is kept, and losses are told as the method says. The table has to name every method,
// so that a new one is in the suite by itself.
import { describe, expect, test } from 'vitest'

import type { StageSettings } from '../../../src-main/contract/run/stage.ts'
import { methods } from '../../../src-main/engine/learning/methods/index.ts'
import type { LearnState, Stage } from '../../../src-main/engine/learning/stage.ts'
import { apart } from './apart.ts'
import { last, looks, stage } from './stage.ts'

const plain = { steps: 9, initialCoefficient: 0.1, weightDecay: 0.1, clipNorm: 0.5 }
/** What each is told; a method that could not be resumed at every look would say here why. */
const told: Record<StageSettings['method'], Partial<StageSettings>[]> = {
  'task-arithmetic': [{}],
  ties: [{}],
  adamerging: [plain, { clamp: [0, 1], initialCoefficient: 0.3, steps: 9 }],
  atlas: [
    plain,
    { steps: 9, combine: 'mgda' },
    { steps: 9, budget: 1, penaltyNorm: 1, penaltyStrength: 0.5 },
    { steps: 9, patience: 2, learningRate: 2 },
  ],
  'cma-es': [{ steps: 9 }, { steps: 40, patience: 3 }],
  checkpoint: [{}],
  'dv-basi': [plain],
}
const cases = methods.flatMap((method) => told[method.name].map((change) => [method.name, change, method] as const))

const given = (method: StageSettings['method'], change: Partial<StageSettings>): Stage => {
  const vectors =
    method === 'dv-basi'
      ? [[0.4, -0.9]]
      : [
          [0.4, -0.9],
          [1.2, 0.3],
        ] // an iteration has one, the difference vector
  return stage(apart(vectors), { method, ...change })
}

test('every method a configuration can name is in the list, once', () => {
  expect(methods.map(({ name }) => name).sort()).toEqual(Object.keys(told).sort())
})

describe.each(cases)('%s with %j', (name, change, method) => {
  test('resumes after any look to the same bits', async () => {
    const whole = await looks(given(name, change))
    for (let at = 1; at <= whole.length; at++) {
      const resume = structuredClone(whole[at - 1]?.state) as LearnState
      const rest = await looks({ ...given(name, change), resume })
      expect(rest).toEqual(whole.slice(at))
    }
  })

  test('keeps the best state it looked at, and counts the looks since', async () => {
    const whole = await looks(given(name, change))
    let best = 0
    for (const [i, { state, metric, isBest }] of whole.entries()) {
      if (i === 0 || metric < (whole[best]?.metric as number)) best = i
      expect(isBest).toBe(best === i)
      expect(state.epoch).toBe(i)
      expect(state.sinceBest).toBe(i - best)
      expect(state.best.metric).toBe(whole[best]?.metric)
      expect(state.best.step).toBe(whole[best]?.state.moments.step)
      expect(state.best.coefficients).toEqual(whole[best]?.state.coefficients)
    }
  })

  test('tells a loss a step, or where the state behind the last is measured by itself, a loss a look', async () => {
    const whole = await looks(given(name, change))
    const { losses, moments } = last(whole)
    expect(losses).toEqual(whole.flatMap((look) => look.losses))
    expect(losses).toHaveLength(method.measuresLast ? moments.step : whole.length)
  })
})
