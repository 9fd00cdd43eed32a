// Refining a model: its interval, its tasks before and after, and the run that does it.
import { describe, expect, it } from 'vitest'

import { studySchema } from '../../../../src-main/contract/run/study.ts'
import { wilson } from '../../../../src-main/numbers/statistics/wilson.ts'
import { refined, refinedSentence, wilsonInterval } from '../../../../src-renderer/plot/study/interval.ts'
import { refinementOf, taskFor } from '../../../../src-renderer/state/checkpoints/refinement.ts'
import { run } from '../../run-fixture.ts'
import { configuration } from '../../study-fixture.ts'

describe('refining a model', () => {
  it('has Wilson’s interval, the same as the engine’s', () => {
    for (const [k, n] of [
      [0, 10],
      [7, 10],
      [130, 160],
      [10, 10],
    ] as const) {
      const [low, high] = wilsonInterval(k / n, n) ?? [Number.NaN, Number.NaN]
      const [expectedLow, expectedHigh] = wilson(k, n)
      expect(Math.abs(low - expectedLow)).toBeLessThan(1e-12)
      expect(Math.abs(high - expectedHigh)).toBeLessThan(1e-12)
    }
    expect(wilsonInterval(0.5, 0)).toBeNull()
  })

  it('shows each task before and after, and whether the intervals overlap', () => {
    expect(refined(run())).toEqual([]) // it did not start at a checkpoint
    const base = run()
    const from = { ...base, config: { ...base.config, start: { ...base.config.start, method: 'checkpoint' as const } } }
    const rows = refined(from)
    expect(rows.map(({ task, before, after, images }) => [task, before, after, images])).toEqual([
      ['A', 0.4, 0.6, 200],
      ['B', 0.4, 0.8, 200],
    ])
    expect(refinedSentence(rows.slice(0, 1))).toBe('A gained 20.0 points; the intervals do not overlap.')
    expect(
      refinedSentence(refined({ ...from, images: from.images.map((i) => ({ ...i, test: 20 })) }).slice(0, 1)),
    ).toContain('may be chance')
  })

  it('finds the task by data set or name, and makes a configuration that starts at the model', () => {
    const tasks = [{ name: 'MNIST' }, { name: 'fashion' }]
    expect(taskFor({ name: 'x.pt', dataset: 'MNISTVal' }, tasks)).toBe('MNIST')
    expect(taskFor({ name: 'finetuned-fashion.safetensors', dataset: null }, tasks)).toBe('fashion')
    expect(taskFor({ name: 'finetuned.pt', dataset: null }, tasks)).toBeNull()
    const project = {
      ...configuration,
      tasks: [{ name: 'A', aim: 'keep' as const, data: 'd', head: 'h' }],
      activation: 'gelu' as const,
    }
    const made = refinementOf(
      { name: 'ft', path: '/m/ft.pt' },
      project,
      project.tasks[0] ?? { name: '', data: '', head: '' },
      {
        pretrained: 'p',
        iterations: 2,
        epochs: 1,
      },
    )
    expect(studySchema.shape.config.parse(made)).toMatchObject({
      vectors: [],
      activation: 'gelu',
      tasks: [{ aim: 'learn', finetuned: '/m/ft.pt' }],
      start: { method: 'checkpoint', checkpoint: '/m/ft.pt' },
    })
  })
})
