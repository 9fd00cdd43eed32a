// Coefficients as a map.
import { describe, expect, it } from 'vitest'

import { sha256 } from '../../../src-main/contract/branded.ts'
import type { ResolvedConfig } from '../../../src-main/contract/run/config.ts'
import {
  diverging,
  iterationRows,
  iterationsTitle,
  modelRows,
  parseColour,
  reach,
  startRows,
} from '../../../src-renderer/plot/heat.ts'
import { run } from '../run-fixture.ts'

describe('heat map', () => {
  it('adds what all iterations do together: the product of 1 + lambda, less 1', () => {
    const rows = iterationRows(run().iterations)
    expect(rows.at(-1)?.name).toBe('Together')
    const expected = [1.5 * 0.5 - 1, 0, 0.9 * 1.2 - 1]
    expected.forEach((value, i) => expect(rows.at(-1)?.values[i]).toBeCloseTo(value, 12))
  })

  it('adds up restarts, and says of random directions that they are not one vector', () => {
    const { iterations } = run()
    expect(iterationRows(iterations, null, 'restart').at(-1)?.values).toEqual(
      [0, 0, -0.1 + 0.2].map((v) => expect.closeTo(v, 12)),
    )
    expect(iterationRows(iterations, null, 'random').map((r) => r.name)).toEqual(['Iteration 1', 'Iteration 2'])
    expect(iterationsTitle('random')).not.toBe(iterationsTitle('restart'))
  })

  it('shows how much of every vector is in the model, under its name', () => {
    const vectors = ['a.safetensors', 'b.pt'].map((name) => ({
      role: 'vector' as const,
      file: `/m/${name}`,
      name,
      bytes: 1,
      sha256: sha256(name),
    }))
    const of = (change: Partial<ResolvedConfig>) =>
      modelRows({ ...run(), parents: vectors, config: { ...run().config, ...change } })
    expect(of({}).map((r) => r.name)).toEqual(['a', 'b'])
    expect(of({})[0]?.values).toEqual([0.1 * 1.5 * 0.5, 0.2, 0.3 * 0.9 * 1.2].map((v) => expect.closeTo(v, 12)))
    expect(of({ control: 'restart' })[0]?.values[0]).toBeCloseTo(0.1, 12) // 1 + 0.5 - 0.5, not 1.5 times 0.5
    expect(of({ control: 'random' })).toHaveLength(4)
    expect(of({ trim: 0.2 })[1]?.name).toBe('b, trimmed')
    expect(of({ parts: 2 }).map((r) => r.name)).toEqual(['a, part 1 of 2', 'a, part 2 of 2'])
    expect(modelRows({ ...run(), start: null })).toEqual([])
  })

  it('takes the present coefficients of a stage that runs', () => {
    expect(iterationRows(run().iterations, { stage: 1, table: [[9, 9, 9]] })[0]?.values).toEqual([9, 9, 9])
    expect(
      reach(
        startRows(null, [
          [0.25, -0.75],
          [Number.NaN, 0],
        ]),
      ),
    ).toBe(0.75)
  })

  it('has the same strength of colour on both sides of zero', () => {
    const [low, zero, high] = [parseColour('rgb(0, 0, 200)'), parseColour('#ffffff'), parseColour('rgb(200, 0, 0)')]
    expect(diverging(0, low, zero, high)).toEqual([255, 255, 255])
    expect(diverging(-1, low, zero, high)).toEqual([0, 0, 200])
    expect(diverging(7, low, zero, high)).toEqual([200, 0, 0])
  })
})
