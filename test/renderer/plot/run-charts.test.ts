// A run's charts: over what they are drawn, what they say, and which are left out.
import { describe, expect, it } from 'vitest'

import {
  accuracyChart,
  growthOf,
  lossChart,
  mapCharts,
  oneCoefficient,
  seriesOf,
  summarySentence,
  tasksChart,
  triedBy,
} from '../../../src-renderer/plot/run-charts.ts'
import { gainsOf, testMarkdown, testTable } from '../../../src-renderer/plot/scores.ts'
import { lossSentence, taskSentence } from '../../../src-renderer/plot/sentences.ts'
import { run } from '../run-fixture.ts'

/** The fixture's start alone, as a search of one coefficient on a grid of five. */
function searched() {
  const detail = run()
  const start = detail.start
  if (!start) throw new Error('the fixture has a start')
  const epochs = [0.3, 0.5, 0.4, 0.2, 0.1].map((a, step) => ({
    ...(start.epochs[0] ?? expect.fail('no epoch')),
    ...{ epoch: step, step, losses: [1 - a], best: step === 1 },
    tasks: [{ task: 'A', loss: 1, accuracy: a, relativeAccuracy: a }],
  }))
  const grid = {
    ...start,
    method: 'task-arithmetic',
    epochs,
    epochsPlanned: 4,
    stepsPerEpoch: 1,
    best: 1,
    coefficients: [
      [0.25, 0.25, 0.25],
      [0.25, 0.25, 0.25],
    ],
  }
  return { ...detail, iterationsPlanned: 0, iterationsDone: 0, iterations: [], start: grid }
}

describe('a search of one coefficient', () => {
  it('is drawn over the coefficient, never before its first step, and says which is best', () => {
    const accuracy = accuracyChart(searched())
    expect(accuracy.title).toBe('Accuracy by coefficient')
    expect(accuracy.lines[0]?.points.map(({ x }) => x)).toEqual([0, 0.25, 0.5, 0.75, 1])
    expect(accuracy.sentence).toContain('is best, 50.0 %, at coefficient 0.25')
    expect(lossChart(searched()).lines[0]?.points.map(({ x }) => x)).toEqual([0, 0.25, 0.5, 0.75, 1])
    expect(triedBy(run())).toBeNull()
  })

  it('has no map of equal cells and no growth', () => {
    expect(mapCharts(searched())).toEqual([])
    expect(oneCoefficient(searched())).toBe('+0.2500')
    expect(growthOf(searched())).toBeNull()
    expect(mapCharts(run()).map(({ title }) => title)).toEqual([
      'Coefficients of the difference vector',
      'Coefficients of the model',
      'Coefficients of the start',
    ])
  })

  it('goes the other way where a task is to be forgotten', () => {
    const forgetting = searched()
    const tasks = forgetting.config.tasks.map((task) => ({ ...task, aim: 'forget' as const }))
    expect(triedBy({ ...forgetting, config: { ...forgetting.config, tasks } })?.(4)).toBe(-1)
  })
})

describe('what is said', () => {
  it('of the loss goes by means over epochs, not by single steps', () => {
    const lines = [{ stage: 0, name: 'Start', points: [4.3, 6, 3, 5.1].map((y, x) => ({ x, y })) }]
    expect(lossSentence(lines, [5.15, 4.05])).toBe(
      'The loss, averaged over epochs, went from 5.150 to 4.050 in 4 steps.',
    )
  })

  it('of one task is not that it is both highest and lowest', () => {
    const bar = { task: 'fashion', pretrained: 0.5, now: 1.014, finetuned: 1 }
    expect(taskSentence([bar], 'relativeAccuracy')).toBe('fashion is at 101.4 % of its fine-tuned model.')
  })

  it('of every chart names the split it is of', () => {
    expect([accuracyChart, lossChart, tasksChart, growthOf].map((chart) => chart(run())?.note)).toEqual([
      'validation',
      'training',
      'validation',
      'validation',
    ])
    expect([accuracyChart(run()).y, lossChart(run()).y, growthOf(run())?.y]).toEqual([
      'mean relative accuracy, validation',
      'loss, training',
      'mean relative accuracy, validation',
    ])
  })

  it('of the whole run sets it beside its pre-trained model, its start and the fine-tuned ones', () => {
    const table = testTable(run())
    if (!table) throw new Error('the fixture was evaluated')
    const means = table.columns.map((column, i) => ({ ...column, accuracy: table.means[i]?.accuracy ?? null }))
    expect(summarySentence(run(), means)).toBe(
      '70.0 % on test data: +50.0 pt over pre-trained, +30.0 pt over its start, −10.0 pt to fine-tuned.',
    )
    expect(gainsOf(table).map((gain) => gain && Number(gain.toFixed(6)))).toEqual([null, 0.2, 0.5, 0.6])
    expect(testMarkdown(table).split('\n')).toEqual([
      '| Accuracy on test data | Pre-trained | Start | Iteration 2 | Fine-tuned |',
      '| --- | ---: | ---: | ---: | ---: |',
      '| A | 20.0 % (25.0 %) | 40.0 % (50.0 %) | 60.0 % (75.0 %) | 80.0 % (100.0 %) |',
      '| B | 20.0 % (25.0 %) | 40.0 % (50.0 %) | 80.0 % (100.0 %) | 80.0 % (100.0 %) |',
      '| **Mean** | 20.0 % (25.0 %) | 40.0 % (50.0 %) | 70.0 % (87.5 %) | 80.0 % (100.0 %) |',
    ])
  })
})

it('all series of a run are there for one table', () => {
  expect(seriesOf(run()).map(({ chart, lines }) => [chart, lines.length])).toEqual([
    ['Accuracy by step', 3],
    ['Loss by step', 3],
  ])
})
