// What a method tells of its tasks: control, weights, residual.
import { describe, expect, it } from 'vitest'

import { keeping, keepingSentence, paretoLines, paretoSentence } from '../../../../src-renderer/plot/study/tasks.ts'
import { run } from '../../run-fixture.ts'

describe('what a method tells of its tasks', () => {
  const negation = () => {
    const base = run()
    const tasks = base.config.tasks.map((t, i) => ({
      ...t,
      aim: (['forget', 'keep'] as const)[i] ?? ('learn' as const),
    }))
    const scored = (a: number, b: number) => [
      { task: 'A', loss: 1, accuracy: a, relativeAccuracy: null },
      { task: 'B', loss: 1, accuracy: b, relativeAccuracy: null },
    ]
    const accuracies = [
      [0.6, 0.8],
      [0.4, 0.77],
      [0.2, 0.75],
    ] as const
    const start = base.start && {
      ...base.start,
      best: 2,
      epochs: base.start.epochs.map((e, i) => ({
        ...e,
        tasks: scored(accuracies[i]?.[0] ?? 0, accuracies[i]?.[1] ?? 0),
        pareto: { weights: [0.25 * i, 1 - 0.25 * i], residual: 1 / (i + 1) },
      })),
    }
    const evaluations = [
      { split: 'validation' as const, model: 'pretrained' as const, stage: null, tasks: scored(0.6, 0.8) },
    ]
    return { ...base, config: { ...base.config, tasks, keep: 0.95 }, start, iterations: [], evaluations }
  }

  it('marks the states that lost their control, at 95 % of its zero-shot accuracy, and where the stage went back to', () => {
    const kept = keeping(negation())
    expect(kept?.lines.map((l) => l.name)).toEqual(['A, to forget', 'B, to keep'])
    expect(kept?.limits.map((l) => l.points.map((p) => p.y))).toEqual([[0.76, 0.76]])
    expect(kept?.lost.points).toEqual([{ x: 4, y: 0.75 }])
    expect(kept && keepingSentence(kept)).toBe('Start lost a control at step 4 and went back to step 2.')
    expect(keeping(run())).toBeNull()
  })

  it('draws the weights of MGDA by task and its residual by stage', () => {
    const pareto = paretoLines(negation())
    expect(pareto?.weights.map((l) => l.points.map((p) => p.y))).toEqual([
      [0, 0.25, 0.5],
      [1, 0.75, 0.5],
    ])
    expect(pareto?.residuals.map((l) => [l.name, l.points.length])).toEqual([['Start', 3]])
    expect(pareto && paretoSentence(pareto).residual).toContain('went from 1.00 to 0.333')
    expect(paretoLines(run())).toBeNull()
  })
})
