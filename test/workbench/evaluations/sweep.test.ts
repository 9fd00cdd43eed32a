// An evaluation over lambda: the models it measures, and that table, CSV, page, terminal and window say the same of
// accuracy and of the gaps between groups at each.
import { parse } from 'csv-parse/sync'
import { expect, test } from 'vitest'

import { reportLines } from '../../../src-main/cli/eval/print.ts'
import type { EvaluationReport } from '../../../src-main/contract/api/evaluations.ts'
import { sha256 } from '../../../src-main/contract/branded.ts'
import { lambdaSweep } from '../../../src-main/contract/lambda-sweep.ts'
import type { Recipe } from '../../../src-main/contract/run/recipe.ts'
import { resultOf } from '../../../src-main/engine/evaluation/result.ts'
import { alongLambda } from '../../../src-main/workbench/evaluations/along-lambda.ts'
import { reportCsv } from '../../../src-main/workbench/evaluations/report/csv.ts'
import { reportHtml } from '../../../src-main/workbench/evaluations/report/page.ts'
import { lambdasIn, sweepCharts } from '../../../src-renderer/plot/sweep.ts'

const labels = Int32Array.of(0, 0, 1, 1, 0, 0, 1, 1)
const groups = ['a', 'a', 'a', 'a', 'b', 'b', 'b', 'b']
// at each lambda: what is predicted, and how far the groups lie apart in being called 1, at all, and rightly or wrongly
const seen = [
  { lambda: 1, predicted: [0, 0, 1, 1, 1, 1, 1, 1], accuracy: 0.75, parity: 0.5, odds: 1 },
  { lambda: 0, predicted: [0, 0, 0, 0, 0, 0, 0, 0], accuracy: 0.5, parity: 0, odds: 0 },
  { lambda: 0.5, predicted: [0, 0, 1, 1, 0, 1, 1, 1], accuracy: 0.875, parity: 0.25, odds: 0.5 },
]

function report(grouped = true): EvaluationReport {
  const images = { labels, groups: grouped ? groups : null, count: labels.length }
  const results = seen.map(({ predicted }) => ({
    ...resultOf(
      { images, classes: 2, positive: 1, reference: null },
      { predicted: Int32Array.from(predicted), confidence: new Float64Array(8).fill(0.9), loss: 0.5 },
    ),
    mistakes: [],
  }))
  const one = { file: null, sha256: null, run: null, iteration: 0, linearised: false, architecture: 'ViT' }
  return {
    split: 'validation',
    models: seen.map(({ lambda, accuracy }) => ({
      ...one,
      name: `λ = ${lambda}`,
      lambda,
      accuracy,
      relativeAccuracy: null,
    })),
    tasks: [
      {
        name: 'birds',
        data: 'd',
        head: 'h',
        classes: ['wren', 'rook'],
        images: null,
        reference: null,
        results,
        mcnemar: null,
      },
    ],
  }
}
const ascending = seen.toSorted((a, b) => a.lambda - b.lambda)

test('a sweep has accuracy, DPD and EOD of each lambda, ascending; a report of other models is none', () => {
  const [sweep] = lambdaSweep(report())
  expect(sweep?.points).toMatchObject(
    ascending.map(({ lambda, accuracy, parity, odds }) => ({ lambda, accuracy, parity, odds })),
  )
  expect(lambdaSweep(report(false))[0]?.points.every(({ parity, odds }) => parity === null && odds === null)).toBe(true)
  const { models, ...rest } = report()
  const [first, ...others] = models as [EvaluationReport['models'][number]]
  const { lambda: _, ...plain } = first
  expect(lambdaSweep({ ...rest, models: [plain, ...others] })).toEqual([])
  expect(lambdaSweep({ tasks: [], models: [first] })).toEqual([])
})

test('CSV, terminal, page and window say so', () => {
  const rows = parse(reportCsv(report()), { columns: true }) as Record<string, string>[]
  expect(rows.map((row) => ['lambda', 'accuracy', 'parity_gap', 'odds_gap'].map((name) => Number(row[name])))).toEqual(
    seen.map(({ lambda, accuracy, parity, odds }) => [lambda, accuracy, parity, odds]),
  )
  const cells = reportLines(report()).map((line) => line.trim().split(/\s+/))
  expect(cells.slice(0, 2)).toEqual([['birds'], ['lambda', 'accuracy', 'DPD', 'EOD']])
  const shown = (share: number) => (100 * share).toFixed(1)
  expect(cells.slice(2, 5).map((row) => [row[0], row[1], row[3], row[4]])).toEqual(
    ascending.map(({ lambda, accuracy, parity, odds }) => [String(lambda), ...[accuracy, parity, odds].map(shown)]),
  )
  expect(reportLines(report(false)).join()).not.toContain('DPD')

  const page = reportHtml(report(), { evaluation: 1, created: '2026-01-02T03:04:05.000Z', openings: [], presets: null })
  const table = /<table class="sweep">(.*?)<\/table>/s.exec(page)?.[1] ?? ''
  const body = [...table.matchAll(/<tr>(.*?)<\/tr>/gs)]
    .slice(1)
    .map(([, row = '']) => [...row.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell]) => cell))
  expect(body.map((row) => [row[0], row[1], row[3], row[4]])).toEqual(
    ascending.map(({ lambda, accuracy, parity, odds }) => [String(lambda), ...[accuracy, parity, odds].map(shown)]),
  )
  expect(page.match(/<polyline/g)).toHaveLength(3)
  const bare = reportHtml(report(false), { evaluation: 1, created: '', openings: [], presets: null })
  expect(bare.match(/<polyline/g)).toHaveLength(1)

  const [chart] = sweepCharts(report())
  expect(chart?.lines.map(({ name, points }) => [name, points.map(({ x, y }) => [x, y])])).toEqual(
    (['accuracy', 'parity', 'odds'] as const).map((key) => [
      { accuracy: 'accuracy', parity: 'DPD', odds: 'EOD' }[key],
      ascending.map((one) => [one.lambda, one[key]]),
    ]),
  )
  expect(chart?.columns).toEqual(['λ', 'Accuracy', 'Low, 95 %', 'High, 95 %', 'DPD', 'EOD'])
  expect(chart?.rows()[1]).toEqual([0.5, '87.50 %', expect.any(String), expect.any(String), '25.00 %', '50.00 %'])
  expect(chart?.sentence).toMatch(/^λ = 0.5 is the most accurate, 87.5 %.*the gaps are least at λ = 0, 0.0 % and 0.0 %/)
  expect(sweepCharts(report(false))[0]?.columns).toHaveLength(4)
})

const file = { file: '/a', name: 'a', sha256: sha256('0f'.repeat(32)) }
const recipe = (change: Partial<Recipe>): Recipe => ({
  ...{ basil: '2', run: null, name: 'r', method: 'atlas', grouping: 'layer', iteration: 0, epoch: null, steps: [] },
  ...{ pretrained: file, vectors: [file, file], groups: ['0', '1'] },
  ...{
    start: [
      [0.4, -1],
      [2, 0],
    ],
    iterations: [],
  },
  ...change,
})

test('lambda is how much of the difference is taken, and of a search for one coefficient that coefficient', () => {
  const starts = (of: Recipe) =>
    alongLambda(of, [0, 0.5, -1]).map(({ from }) => ('recipe' in from ? from.recipe.start : null))
  expect(starts(recipe({ iterations: [[0.1, 0.2]] }))).toEqual([
    [
      [0, -0],
      [0, 0],
    ],
    [
      [0.2, -0.5],
      [1, 0],
    ],
    [
      [-0.4, 1],
      [-2, -0],
    ],
  ])
  expect(
    starts(
      recipe({
        method: 'task-arithmetic',
        start: [
          [0.3, 0.3],
          [0.3, 0.3],
        ],
      }),
    )[1],
  ).toEqual([
    [0.5, 0.5],
    [0.5, 0.5],
  ])
  expect(alongLambda(recipe({}), [0.5])[0]).toMatchObject({ name: 'λ = 0.5', lambda: 0.5 })
})

test('lambdas are written as a range or a list', () => {
  expect(lambdasIn('0:1:0.25')).toEqual([0, 0.25, 0.5, 0.75, 1])
  expect(lambdasIn('-1:0:0.5')).toEqual([-1, -0.5, 0])
  expect(lambdasIn('0, 0.3,1')).toEqual([0, 0.3, 1])
  for (const wrong of ['', '0.5', '0:1', '0:1:0', '1:0:0.1', '0:1:0.001', 'a,b', '0,,1'])
    expect(lambdasIn(wrong)).toBeNull()
})
