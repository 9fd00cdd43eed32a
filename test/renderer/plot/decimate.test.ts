// Thinned lines keep their peaks, ends and breaks.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { decimate, type Point } from '../../../src-renderer/plot/decimate.ts'

const line = fc.array(
  fc.oneof(
    { weight: 9, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }) },
    { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY) },
  ),
  { maxLength: 3000 },
)

const pointsOf = (ys: number[]): Point[] => ys.map((y, x) => ({ x, y }))

const finite = (points: readonly Point[]) => points.filter((p) => Number.isFinite(p.y))

describe('decimate', () => {
  it('gives short lines back as they are', () => {
    const points = pointsOf([1, Number.NaN, 3])
    expect(decimate(points, 100)).toBe(points)
  })

  it('keeps every peak, both ends and the order, on no more than a few points a pixel', () => {
    fc.assert(
      fc.property(line, fc.integer({ min: 1, max: 200 }), (ys, pixels) => {
        const before = finite(pointsOf(ys))
        const after = finite(decimate(pointsOf(ys), pixels))
        if (before.length === 0) return after.length === 0
        expect(Math.max(...after.map((p) => p.y))).toBe(Math.max(...before.map((p) => p.y)))
        expect(Math.min(...after.map((p) => p.y))).toBe(Math.min(...before.map((p) => p.y)))
        expect([after[0], after.at(-1)]).toEqual([before[0], before.at(-1)])
        expect(after.map((p) => p.x)).toEqual(after.map((p) => p.x).toSorted((a, b) => a - b))
        expect(after.length).toBeLessThanOrEqual(Math.max(ys.length && pixels * 4, 1))
        return true
      }),
    )
  })

  it('never joins what a missing number parts', () => {
    fc.assert(
      fc.property(line, fc.integer({ min: 1, max: 50 }), (ys, pixels) => {
        const after = decimate(pointsOf(ys), pixels)
        after.slice(1).forEach((point, i) => {
          const before = after[i]
          if (!before || !Number.isFinite(before.y) || !Number.isFinite(point.y)) return
          expect(ys.slice(before.x, point.x + 1).every(Number.isFinite)).toBe(true)
        })
      }),
    )
  })

  it('thins a hundred thousand points to what four hundred pixels can show', () => {
    const points = pointsOf(Array.from({ length: 100_000 }, (_, i) => Math.sin(i / 50)))
    expect(decimate(points, 400).length).toBeLessThanOrEqual(1600)
  })
})
