// Where a run stagnated and where it escaped, from its looks alone.
import { expect, it } from 'vitest'

import type { StageDetail } from '../../../../src-main/contract/run/run.ts'
import { accuracyLines } from '../../../../src-renderer/plot/curves.ts'
import { turnsOf, turnsSentence } from '../../../../src-renderer/plot/live/turning-points.ts'
import { run } from '../../run-fixture.ts'

const stages = (): StageDetail[] => {
  const { start, iterations } = run()
  return start ? [start, ...iterations] : iterations
}
const turns = (of: StageDetail[], select: Parameters<typeof turnsOf>[2] = 'validation-loss') =>
  turnsOf(of, accuracyLines(of, 'accuracy'), select)

it('marks the best state of a stage that found no better, and the first better look of the next', () => {
  // accuracies 0.2 0.4 0.36 | 0.4 0.48 0.56 | 0.56 0.5 0.5, losses 1 minus that
  const { stagnations, escapes } = turns(stages())
  expect(stagnations.map(({ stage, x, y }) => [stage, x, y])).toEqual([
    [0, 2, 0.4],
    [2, 8, 0.56],
  ])
  expect(escapes).toEqual([{ stage: 1, x: 6, y: 0.48 }]) // its first look equals the best before it
  expect(turnsSentence({ stagnations, escapes })).toBe(
    ' Start and iteration 2 stagnated (crosses); iteration 1 went beyond the best before it (rings).',
  )
})

it('counts an iteration that beat nothing as stagnating where it began', () => {
  const of = stages().map((s) => (s.stage === 1 ? { ...s, accepted: false, epochs: s.epochs.slice(0, 1) } : s))
  expect(turns(of).stagnations.map(({ stage }) => stage)).toEqual([0, 1, 2])
})

it('says nothing of a stage that still goes on, nor of a run that has not begun', () => {
  const of = stages().slice(0, 1)
  expect(turns(of.map((s) => ({ ...s, ended: false })))).toEqual({ stagnations: [], escapes: [] })
  expect(turnsSentence(turns([]))).toBe('')
})

it('goes by the selection metric: where accuracy selects, more is better', () => {
  const of = stages().map((s) => ({ ...s, epochs: s.epochs.map((e) => ({ ...e, metric: 1 - e.metric })) }))
  expect(turns(of, 'validation-accuracy')).toEqual(turns(stages()))
})
