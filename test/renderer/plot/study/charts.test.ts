// The bars and lines of a study.
import { describe, expect, it } from 'vitest'

import { armBars, dotsOf, scaleOf } from '../../../../src-renderer/plot/study/bars.ts'
import { armLines, armSentence, leftOutAtFirst, leftOutSentence } from '../../../../src-renderer/plot/study/curves.ts'
import { run } from '../../run-fixture.ts'
import { one, second, study, whole } from '../../study-fixture.ts'

describe('a study’s charts', () => {
  it('give each arm its bar, its deviation and every finished seed', () => {
    const bars = armBars(whole, 'accuracy')
    expect(bars.map(({ arm, place, values }) => [arm, place, values.length])).toEqual([
      ['first', 1, 3],
      [second, 2, 3],
    ])
    expect(armBars(study([one('first', 0, 0.7), one('first', 1, null)]), 'accuracy')[0]?.values).toEqual([
      { seed: 0, value: 0.7 },
    ])
    expect(armBars(whole, 'control')).toEqual([])
  })

  it('are on a scale of at most 6 round marks that holds every value and whisker', () => {
    for (const [mean, deviation] of [
      [0.71, 0.01],
      [0.9995, 0.0001],
      [0.3, 0.25],
      [0.01, 0.02],
    ] as const) {
      const { from, to, marks } = scaleOf([{ arm: '', place: 1, mean, deviation, values: [{ seed: 0, value: mean }] }])
      expect(from).toBeLessThanOrEqual(Math.max(0, mean - deviation))
      expect(to).toBeGreaterThanOrEqual(mean + deviation)
      expect(marks.length).toBeLessThanOrEqual(7)
      expect(marks).toEqual([...marks].sort((a, b) => a - b))
    }
  })

  it('draw a line a run over all its stages, in the colour of its arm, but for arms that are hidden', () => {
    const details = new Map([[7, run()]])
    const lines = armLines(whole.runs, details, 'accuracy', new Set())
    expect(lines.map((l) => l.stage)).toEqual([1, 2, 1, 2, 1, 2])
    expect(lines[0]?.name).toBe('first, seed 0')
    expect(lines[0]?.points).toHaveLength(9) // three stages of three epochs
    expect(armLines(whole.runs, details, 'loss', new Set([second])).map((l) => l.stage)).toEqual([1, 1, 1])
    expect(armSentence(lines, 'accuracy')).toBe(
      '6 runs of 2 arms, mean accuracy by step on the split that states are chosen by.',
    )
  })

  it('leave out arms that colours and dashes cannot tell apart, and say so', () => {
    const runs = Array.from({ length: 15 }, (_, i) => one(`arm ${i}`, 0, 0.7))
    expect(leftOutAtFirst([...runs, ...runs])).toEqual(['arm 12', 'arm 13', 'arm 14'])
    expect(leftOutAtFirst(runs.slice(0, 12))).toEqual([])
    expect(leftOutSentence(3)).toBe('3 arms are left out; click one to draw it.')
    expect(leftOutSentence(1)).toBe('1 arm is left out; click one to draw it.')
    expect(leftOutSentence(0)).toBe('')
  })
})

it('of hundreds of seeds a bar has some dots, the least and the greatest among them; few are all there', () => {
  const values = Array.from({ length: 667 }, (_, seed) => ({ seed, value: ((seed * 7) % 667) / 1000 }))
  const dots = dotsOf(values)
  expect(dots).toHaveLength(40)
  expect([dots[0]?.value, dots.at(-1)?.value]).toEqual([0, 0.666])
  expect(new Set(dots.map(({ seed }) => seed)).size).toBe(40)
  expect(dotsOf(values.slice(0, 40))).toEqual(values.slice(0, 40))
})
