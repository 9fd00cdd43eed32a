// The average over a noisy line.
import { describe, expect, it } from 'vitest'

import { smooth } from '../../../src-renderer/plot/smooth.ts'

describe('smoothing', () => {
  it('takes out the bias to the first value: a constant stays itself', () => {
    for (const p of smooth(
      Array.from({ length: 50 }, (_, x) => ({ x, y: 3 })),
      0.9,
    ))
      expect(p.y).toBeCloseTo(3, 10)
  })

  it('leaves a break a break', () => {
    const shown = smooth(
      [
        { x: 0, y: 1 },
        { x: 1, y: Number.NaN },
        { x: 2, y: 1 },
      ],
      0.5,
    )
    expect(shown.map((p) => p.y)).toEqual([1, Number.NaN, 1])
  })
})
