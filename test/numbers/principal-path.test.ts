// A path on its two principal directions: what is known of a path by construction is found again.
import { expect, test } from 'vitest'

import { principalPath } from '../../src-main/numbers/principal-path.ts'

test('a straight path is one direction, from left to right, with its true lengths', () => {
  const along = [3, 4, 0].map((x) => x / 5)
  const path = principalPath([0, 1, 2, 5].map((t) => Float64Array.from(along, (x) => 7 + t * x)))
  expect(path.shares[0]).toBeCloseTo(1, 12)
  path.points.forEach(({ x, y }, i) => {
    expect(x).toBeCloseTo([0, 1, 2, 5][i] ?? Number.NaN, 9)
    expect(y).toBeCloseTo(0, 6)
  })
})

test('two states are one direction, which explains all of it', () => {
  const way = Float64Array.from({ length: 12 }, (_, i) => Math.sin(3 + i))
  const path = principalPath([new Float64Array(12), way])
  expect(path.shares[0]).toBeCloseTo(1, 12)
  expect(path.shares[1]).toBeCloseTo(0, 12)
  path.points.forEach(({ y }) => {
    expect(y).toBeCloseTo(0, 6)
  })
  expect(path.points[1]?.x).toBeCloseTo(Math.hypot(...way), 9)
})

test('distances in a plane are kept, and the shares are those of the variance', () => {
  const plane = [0, 1, 2, 3, 4].map((t) => ({ a: 4 * t, b: t % 2 })) // variances 32 and 0.24
  const path = principalPath(plane.map(({ a, b }) => Float64Array.of(0, a / Math.SQRT2, b, a / Math.SQRT2)))
  for (const i of plane.keys())
    for (const j of plane.keys()) {
      const [p, q] = [path.points[i], path.points[j]]
      const seen = Math.hypot((p?.x ?? 0) - (q?.x ?? 0), (p?.y ?? 0) - (q?.y ?? 0))
      expect(seen).toBeCloseTo(Math.hypot(4 * (i - j), (i % 2) - (j % 2)), 6)
    }
  expect(path.shares[0] + path.shares[1]).toBeCloseTo(1, 9)
  expect(path.shares[0]).toBeCloseTo(32 / 32.24, 3)
  expect(path.points.at(-1)?.x).toBeGreaterThan(0)
  expect(Math.max(...path.points.map(({ y }) => y))).toBeCloseTo(1, 1) // up where it goes furthest
})

test('a path that has not moved, or not begun, is a point', () => {
  expect(principalPath([])).toEqual({ points: [], shares: [0, 0] })
  const still = Float64Array.of(1, 2)
  expect(principalPath([still, still])).toEqual({
    points: [
      { x: 0, y: 0 },
      { x: 0, y: 0 },
    ],
    shares: [0, 0],
  })
})
