// Rows in sight of a long table: few are drawn, the height is that of all.
import { describe, expect, it } from 'vitest'

import { rowsInSight, topOf } from '../../../src-renderer/plot/window.ts'

describe('a table of rows in sight', () => {
  const shape = { total: 500, rowHeight: 36, open: null, extra: 0 }
  it('draws few rows of many, and keeps the height of all', () => {
    for (const top of [0, 1, 5000, 17_000, 18_000]) {
      const { first, last, before, after } = rowsInSight(shape, top, 640, 6)
      expect(last - first).toBeLessThan(40)
      expect(before + (last - first + 1) * 36 + after).toBe(500 * 36)
      expect(first * 36).toBeLessThanOrEqual(top)
      expect(Math.min(500, last + 1) * 36).toBeGreaterThanOrEqual(Math.min(500 * 36, top + 640))
    }
  })

  it('makes room for the detail under an open row, in sight or not', () => {
    const opened = { ...shape, open: 10, extra: 150 }
    expect(topOf(opened, 10)).toBe(360)
    expect(topOf(opened, 11)).toBe(396 + 150)
    for (const top of [0, 380, 450, 560, 9000]) {
      const { first, last, before, after } = rowsInSight(opened, top, 200, 0)
      const detail = first <= 10 && last >= 10 ? 150 : 0
      expect(before + (last - first + 1) * 36 + detail + after).toBe(500 * 36 + 150)
      expect(before).toBeLessThanOrEqual(top)
    }
  })

  it('has no rows where there are none', () => {
    expect(rowsInSight({ ...shape, total: 0 }, 0, 600, 6)).toEqual({ first: 0, last: -1, before: 0, after: 0 })
  })
})
