// A run as lines over its steps.
import { describe, expect, it } from 'vitest'

import { accuracyLines, growth, lossLines } from '../../../src-renderer/plot/curves.ts'
import { startRows } from '../../../src-renderer/plot/heat.ts'
import { stagesOf } from '../../../src-renderer/plot/scores.ts'
import { growthSentence, heatSentence, lossSentence } from '../../../src-renderer/plot/sentences.ts'
import { run } from '../run-fixture.ts'

describe('curves', () => {
  const stages = stagesOf(run())

  it('count steps on over the stages', () => {
    expect(accuracyLines(stages, 'accuracy').map((l) => l.points.map((p) => p.x))).toEqual([
      [0, 2, 4],
      [4, 6, 8],
      [8, 10, 12],
    ])
    expect(lossLines(stages).map((l) => l.points.map((p) => p.x))).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9, 10, 11],
    ])
  })

  it('show what each stage chose and gained, not what it ended with', () => {
    expect(
      growth(stages, 'accuracy').map((g) => [g.name, Number(g.value.toFixed(3)), g.gain && Number(g.gain.toFixed(3))]),
    ).toEqual([
      ['Start', 0.4, null],
      ['Iteration 1', 0.56, 0.16],
      ['Iteration 2', 0.56, 0],
    ])
  })

  it('are told in one sentence', () => {
    expect(growthSentence(growth(stages, 'relativeAccuracy'), 'relativeAccuracy')).toContain(
      'iteration 1 gains most, +20.0 pt',
    )
    expect(
      lossSentence([
        {
          stage: 0,
          name: 'Start',
          points: [
            { x: 0, y: 1 },
            { x: 1, y: Number.NaN },
          ],
        },
      ]),
    ).toContain('1 steps gave no number')
    expect(heatSentence(startRows(run().start), ['x', 'y', 'z'])).toBe(
      'The largest of 2 × 3 coefficients is −0.5000, at z in b.',
    )
  })
})
