// The suite of every method in the list, on a problem of two vectors: looks are what a stage can be resumed after to
// the same bits, the best of them is kept, and losses are told as the method says. What a method is told follows from
// the fields its card reads, so that a new one is in the suite by itself.
import { describe, expect, test } from 'vitest'

import type { MethodCard } from '../../../src-main/contract/methods/card.ts'
import { methods } from '../../../src-main/contract/methods/index.ts'
import { methodNames } from '../../../src-main/contract/methods/lookup.ts'
import type { StageSettings } from '../../../src-main/contract/run/stage.ts'
import { methodNamed } from '../../../src-main/engine/learning/method.ts'
import type { LearnState, Stage } from '../../../src-main/engine/learning/stage.ts'
import { ways } from '../../../src-main/engine/learning/ways/index.ts'
import { apart } from './apart.ts'
import { last, looks, stage } from './stage.ts'

const plain = { steps: 9, initialCoefficient: 0.1, weightDecay: 0.1, clipNorm: 0.5 }
/** Settings that make a difference to whoever reads the field they stand beside. */
const settings: [keyof MethodCard['reads'], Partial<StageSettings>][] = [
  ['steps', plain],
  ['clamp', { steps: 9, clamp: [0, 1], initialCoefficient: 0.3 }],
  ['combine', { steps: 9, combine: 'mgda' }],
  ['budget', { steps: 9, budget: 1, penaltyNorm: 1, penaltyStrength: 0.5 }],
  ['patience', { steps: 40, patience: 2, learningRate: 2 }],
]
const toldTo = ({ reads }: MethodCard): Partial<StageSettings>[] => {
  const told = settings.filter(([field]) => reads[field]).map(([, change]) => change)
  return told.length ? told : [{}]
}
const cases = methods.flatMap((card) =>
  toldTo(card).map((change) => [card.name, change, methodNamed(card.name)] as const),
)

const given = (method: StageSettings['method'], change: Partial<StageSettings>): Stage => {
  const vectors = methodNames('iteration').includes(method)
    ? [[0.4, -0.9]]
    : [
        [0.4, -0.9],
        [1.2, 0.3],
      ] // an iteration has one, the difference vector
  return stage(apart(vectors), { method, ...change })
}

test("every method learns in a way there is, and every way is some method's", () => {
  expect(new Set(methods.map(({ learns }) => learns.by))).toEqual(new Set(ways.map(({ name }) => name)))
  expect(new Set(methods.map(({ name }) => name)).size).toBe(methods.length)
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
