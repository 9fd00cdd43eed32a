import { describe, expect, it } from 'vitest'

import { sha256 } from '../../src-main/contract/branded.ts'
import type { ResolvedConfig } from '../../src-main/contract/run/config.ts'
import { accuracyLines, growth, lossLines } from '../../src-renderer/plot/curves.ts'
import { bytes, coefficient, duration, fileName, percent, points, short } from '../../src-renderer/plot/format.ts'
import {
  diverging,
  iterationRows,
  iterationsTitle,
  modelRows,
  parseColour,
  reach,
  startRows,
} from '../../src-renderer/plot/heat.ts'
import { countedStages, meanOf, measureOf, stagesOf, taskBars, testTable } from '../../src-renderer/plot/scores.ts'
import { growthSentence, heatSentence, lossSentence } from '../../src-renderer/plot/sentences.ts'
import { smooth } from '../../src-renderer/plot/smooth.ts'
import { run, scores } from './run-fixture.ts'

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

describe('scores', () => {
  it('have no mean when one task has none', () => {
    expect(meanOf([...scores([0.5, 0.7])], 'accuracy')).toBeCloseTo(0.6, 12)
    expect(meanOf([{ accuracy: 0.5, relativeAccuracy: null }, ...scores([0.5])], 'relativeAccuracy')).toBeNull()
    expect(meanOf([], 'accuracy')).toBeNull()
  })

  it('fall back to accuracy when a relative one is unknown', () => {
    const stages = stagesOf(run())
    expect(measureOf(stages)).toBe('relativeAccuracy')
    const first = stages[0]?.epochs[0]?.tasks[0]
    if (first) first.relativeAccuracy = null
    expect(measureOf(stages)).toBe('accuracy')
  })

  it('stand in the order of the run, with means counted from the rows', () => {
    const table = testTable(run())
    expect(table?.columns.map((c) => c.name)).toEqual(['Pre-trained', 'Start', 'Iteration 2', 'Fine-tuned'])
    expect(table?.means[2]?.accuracy).toBeCloseTo(0.7, 12)
    expect(table?.rows[1]?.cells[2]?.accuracy).toBe(0.8)
    expect(testTable({ ...run(), evaluatedOn: null })).toBeNull()
  })

  it('of a task to forget never count beside the others', () => {
    const forgetting = run()
    forgetting.config = {
      ...forgetting.config,
      tasks: forgetting.config.tasks.map((t, i) => ({ ...t, aim: i ? 'keep' : 'forget' })),
    }
    const means = testTable(forgetting)?.means[2]
    expect(means).toMatchObject({ accuracy: 0.8, forgotten: 0.6 })
    expect(means?.relativeAccuracy).toBeCloseTo(1, 12)
    expect(testTable(run())?.means[2]?.forgotten).toBeNull()
    const counted = countedStages(forgetting).flatMap((s) => s.epochs.flatMap((e) => e.tasks.map((t) => t.task)))
    expect(new Set(counted)).toEqual(new Set(['B']))
    expect(countedStages(run())).toEqual(stagesOf(run()))
  })

  it('of tasks are shares of the fine-tuned model, on the split that chooses', () => {
    expect(taskBars(run()).bars[0]).toMatchObject({ task: 'A', finetuned: 1 })
    expect(taskBars(run()).bars[0]?.pretrained).toBeCloseTo(0.2, 12)
    expect(taskBars(run()).bars[0]?.now).toBeCloseTo(0.7, 12)
  })
})

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

describe('format', () => {
  it('writes numbers as people read them', () => {
    expect([percent(0.87314), percent(null), points(-0.0123), points(0.00001), coefficient(-0.1)]).toEqual([
      '87.3 %',
      '–',
      '−1.2 pt',
      '0.0 pt',
      '−0.1000',
    ])
    expect([bytes(0), bytes(1536), bytes(412_000_000), short(86_567_834), short(9_000)]).toEqual([
      '0 B',
      '1.50 KiB',
      '392.9 MiB',
      '86.6 M',
      '9,000',
    ])
    expect([duration(3.2), duration(83), duration(4983), duration(200_000), duration(Number.NaN)]).toEqual([
      '3 s',
      '1 min 23 s',
      '1 h 23 min',
      '2 d 7 h',
      '–',
    ])
    expect([fileName('/a/b.pt#x'), fileName('C:\\m\\c.pt')]).toEqual(['b.pt#x', 'c.pt'])
  })
})
