// Marks of an axis: round, even, within its ends, and never two of one name.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { percent } from '../../../../src-renderer/plot/format.ts'
import { marksOf, named, scaleBetween, withRoom } from '../../../../src-renderer/plot/picture/axis.ts'

const share = (value: number, digits = 0) => percent(value, digits)

describe('marks', () => {
  it('of a range of under two points are told apart by a digit more', () => {
    const marks = named(marksOf({ kind: 'linear', from: 0.884, to: 0.902 }, 5), share)
    expect(marks.map(({ text }) => text)).toEqual(['88.5 %', '89.0 %', '89.5 %', '90.0 %'])
  })

  it('whose names cannot be told apart are left out', () => {
    expect(named([0.894, 0.896, 0.9], (v) => percent(v, 0)).map(({ text }) => text)).toEqual(['89 %', '90 %'])
  })

  it('are even, within the ends, and of different names, for any range', () => {
    const range = fc.tuple(
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
    )
    fc.assert(
      fc.property(range, fc.integer({ min: 2, max: 9 }), ([from, span], most) => {
        const to = from + span
        const marks = marksOf({ kind: 'linear', from, to }, most)
        expect(marks.length).toBeLessThanOrEqual(most + 1)
        const gaps = marks.slice(1).map((mark, i) => mark - (marks[i] ?? 0))
        for (const gap of gaps)
          expect(Math.abs(gap - (gaps[0] ?? 0))).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(from), span))
        for (const mark of marks) expect(mark >= from - 1e-6 * span && mark <= to + 1e-6 * span).toBe(true)
        const names = named(marks, share).map(({ text }) => text)
        expect(new Set(names).size).toBe(names.length)
      }),
      { seed: 1, numRuns: 300 },
    )
  })

  it('of whole steps are whole, and of a logarithmic axis powers of ten', () => {
    expect(marksOf({ kind: 'linear', from: 0, to: 3 }, 8, true)).toEqual([0, 1, 2, 3])
    expect(marksOf({ kind: 'log', from: 0.005, to: 20_000 }, 4)).toEqual([0.01, 1, 100, 10_000])
  })
})

describe('a scale', () => {
  it('finds the value of its pixel again, on both kinds', () => {
    for (const kind of ['linear', 'log'] as const) {
      const scale = scaleBetween(kind, [0.5, 800], [40, 600])
      expect([scale.at(0.5), scale.at(800)]).toEqual([40, 600])
      for (const value of [0.5, 1, 33, 799]) expect(scale.value(scale.at(value))).toBeCloseTo(value, 8)
    }
  })

  it('has room beyond its values, and for a single one', () => {
    expect(withRoom([0, 1])).toEqual([-0.05, 1.05])
    expect(withRoom([0.9, 0.9]).map((v) => Number(v.toFixed(3)))).toEqual([0.855, 0.945])
    expect(withRoom([0, 0])[0]).toBeLessThan(0)
  })
})
