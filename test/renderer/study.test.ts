import { describe, expect, it } from 'vitest'

import type { StudyDetail, StudyRun } from '../../src-main/contract/api/studies.ts'
import type { RunConfig } from '../../src-main/contract/run/config.ts'
import { studySchema } from '../../src-main/contract/run/study.ts'
import { wilson } from '../../src-main/numbers/statistics/wilson.ts'
import { tableOf } from '../../src-main/workbench/studies/table.ts'
import { isRange, sweepOf } from '../../src-renderer/components/form/sweep-fields.ts'
import { armBars, scaleOf } from '../../src-renderer/plot/study/bars.ts'
import { armLines, armSentence } from '../../src-renderer/plot/study/curves.ts'
import { refined, refinedSentence, wilsonInterval } from '../../src-renderer/plot/study/interval.ts'
import { spreadText, studyCsv, studyMarkdown, studySentence } from '../../src-renderer/plot/study/table.ts'
import { keeping, keepingSentence, paretoLines, paretoSentence } from '../../src-renderer/plot/study/tasks.ts'
import { refinementOf, taskFor } from '../../src-renderer/state/checkpoints/refinement.ts'
import { run } from './run-fixture.ts'

const one = (arm: string, seed: number, accuracy: number | null): StudyRun => ({
  place: 0,
  arm,
  part: '',
  seed,
  run: accuracy === null ? null : 7,
  state: accuracy === null ? 'waiting' : 'done',
  accuracy,
  relativeAccuracy: accuracy,
  control: null,
  pretrained: 0.5,
  finetuned: 0.9,
  leaks: [],
  error: null,
})
const configuration: RunConfig = {
  method: 'dv-basi',
  pretrained: 'p',
  vectors: ['a'],
  tasks: [{ name: 'A', data: 'd', head: 'h' }],
  start: { method: 'atlas', epochs: 2 },
}

function study(runs: StudyRun[]): StudyDetail {
  const definition = studySchema.parse({
    name: 'by hand',
    config: configuration,
    arms: [{ label: 'first' }, { label: 'a, "quoted" | arm', paper: { accuracy: 71.5 } }],
    seeds: [0, 1, 2],
  })
  const known = { study: 1, name: 'by hand', created: '', planned: runs.length, done: runs.length, error: null }
  return { ...known, state: 'done', definition, runs, table: tableOf(runs) }
}
const second = 'a, "quoted" | arm'
const whole = study(
  [0, 1, 2].flatMap((seed) => [one('first', seed, 0.7 + seed / 100), one(second, seed, 0.72 + (seed * seed) / 100)]),
)

describe('a study’s table', () => {
  it('shows mean ± deviation in points, and the mean alone where there is one seed', () => {
    expect(spreadText(whole.table[0]?.accuracy ?? null)).toBe('71.0 ± 1.0 %')
    expect(spreadText({ mean: 0.5, deviation: null })).toBe('50.0 %')
    expect(spreadText(null)).toBe('–')
  })

  it('is a CSV of all digits in which a name with commas and quotes stays one cell', () => {
    const [head, first, last, end] = studyCsv(whole).split('\r\n')
    expect(head?.split(',').slice(0, 5)).toEqual(['arm', 'seeds', 'parts', 'accuracy', 'accuracy_sd'])
    expect(first?.split(',')).toHaveLength(head?.split(',').length ?? 0)
    expect(first).toMatch(/^first,3,1,0\.71,0\.01\d*,/)
    expect(last).toMatch(/^"a, ""quoted"" \| arm",3,1,0\.7366/)
    expect(last).toContain(',0.715,') // the printed 71.5 %
    expect(end).toBe('')
  })

  it('carries the mark of test images that were seen wherever it goes', () => {
    const seen = { task: 'A', split: 'training' as const, images: 3, of: 50, unlabelled: false }
    const marked = study([{ ...one('first', 0, 0.7), leaks: [seen] }, one(second, 0, 0.7)])
    expect(studyCsv(marked)).toContain(',3 of 50 test images of A are learning images too,')
    expect(studyMarkdown(marked)).toContain('| first (3 of 50 test images of A are learning images too) |')
  })

  it('is a Markdown table in which a bar in a name does not open a column', () => {
    const lines = studyMarkdown(whole).split('\n').slice(2)
    expect(lines).toHaveLength(4)
    expect(new Set(lines.map((line) => line.replaceAll('\\|', '').split('|').length)).size).toBe(1)
    expect(lines[3]).toContain('+2.7 pt')
  })

  it('names the highest arm, equal ones together, and those that are not measured yet', () => {
    expect(studySentence(whole.table)).toBe(`${second} is highest of 2: 73.7 ± 2.1 %, +2.7 pt to first.`)
    const equal = study([one('first', 0, 0.7), one(second, 0, 0.7)])
    expect(studySentence(equal.table)).toContain('are equal, and highest of 2: 70.0 %')
    expect(studySentence(study([one('first', 0, 0.7), one(second, 0, null)]).table)).toContain(
      '1 of 2 arms are not measured yet',
    )
    expect(studySentence(study([one('first', 0, null)]).table)).toBe('No arm has a finished seed yet.')
  })
})

describe('a study’s charts', () => {
  it('give each arm its bar, its deviation and every finished seed', () => {
    const bars = armBars(whole, 'accuracy')
    expect(bars.map(({ arm, place, values }) => [arm, place, values.length])).toEqual([
      ['first', 1, 3],
      [second, 2, 3],
    ])
    expect(armBars(study([one('first', 0, 0.7), one('first', 1, null)]), 'accuracy')[0]?.values).toEqual([
      { seed: 0, value: 0.7 },
    ])
    expect(armBars(whole, 'control')).toEqual([])
  })

  it('are on a scale of at most 6 round marks that holds every value and whisker', () => {
    for (const [mean, deviation] of [
      [0.71, 0.01],
      [0.9995, 0.0001],
      [0.3, 0.25],
      [0.01, 0.02],
    ] as const) {
      const { from, to, marks } = scaleOf([{ arm: '', place: 1, mean, deviation, values: [{ seed: 0, value: mean }] }])
      expect(from).toBeLessThanOrEqual(Math.max(0, mean - deviation))
      expect(to).toBeGreaterThanOrEqual(mean + deviation)
      expect(marks.length).toBeLessThanOrEqual(7)
      expect(marks).toEqual([...marks].sort((a, b) => a - b))
    }
  })

  it('draw a line a run over all its stages, in the colour of its arm, but for arms that are hidden', () => {
    const details = new Map([[7, run()]])
    const lines = armLines(whole.runs, details, 'accuracy', new Set())
    expect(lines.map((l) => l.stage)).toEqual([1, 2, 1, 2, 1, 2])
    expect(lines[0]?.name).toBe('first, seed 0')
    expect(lines[0]?.points).toHaveLength(9) // three stages of three epochs
    expect(armLines(whole.runs, details, 'loss', new Set([second])).map((l) => l.stage)).toEqual([1, 1, 1])
    expect(armSentence(lines, 'accuracy')).toBe(
      '6 runs of 2 arms, mean accuracy by step on the split that states are chosen by.',
    )
  })
})

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

describe('a sweep', () => {
  it('takes values, words, switches and ranges as they are typed', () => {
    const rows = [
      { name: 'learningRate', text: '0.01, 0.1', log: true },
      { name: 'patience', text: 'none, 2', log: false },
      { name: 'augment', text: 'on, off', log: false },
      { name: 'weightDecay', text: '0.001 to 0.1', log: true },
    ]
    expect(sweepOf(rows, 'random', 5)).toEqual({
      fields: {
        learningRate: [0.01, 0.1],
        patience: [null, 2],
        augment: [true, false],
        weightDecay: { from: 0.001, to: 0.1, log: true },
      },
      how: 'random',
      samples: 5,
    })
    expect(sweepOf([{ name: 'learningRate', text: ' ', log: true }], 'grid', 5)).toBeNull()
    expect([isRange('0.1 to 1'), isRange('a to b'), isRange('1')]).toEqual([true, false, false])
  })

  it('is what the contract accepts', () => {
    const sweep = sweepOf([{ name: 'combine', text: 'sum, mgda', log: false }], 'grid', 10)
    expect(studySchema.parse({ name: 's', config: configuration, sweep, seeds: [0] }).sweep?.fields).toEqual({
      combine: ['sum', 'mgda'],
    })
  })
})
