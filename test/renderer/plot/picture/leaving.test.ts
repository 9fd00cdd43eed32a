// What leaves the window of the way of coefficients, a reliability diagram, a confusion map, a tensor's histograms and
// the bars of a mix: SVG that a strict reader takes, with the names of its axes and of what it shows, and a table whose
// numbers are the data's.
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'

import type { TaskResult } from '../../../../src-main/contract/api/evaluations.ts'
import { runId } from '../../../../src-main/contract/branded.ts'
import { csvOf } from '../../../../src-renderer/plot/csv.ts'
import { sizesChart, spreadChart } from '../../../../src-renderer/plot/histograms.ts'
import { layout } from '../../../../src-renderer/plot/lineage.ts'
import { pathChart } from '../../../../src-renderer/plot/live/path.ts'
import { mixBars, mixChart } from '../../../../src-renderer/plot/mix/bars.ts'
import { histogramScene } from '../../../../src-renderer/plot/picture/histogram.ts'
import { lineageScene } from '../../../../src-renderer/plot/picture/lineage.ts'
import { mapScene } from '../../../../src-renderer/plot/picture/map.ts'
import { mixScene } from '../../../../src-renderer/plot/picture/mix.ts'
import { pathScene } from '../../../../src-renderer/plot/picture/path.ts'
import { reliabilityScene } from '../../../../src-renderer/plot/picture/reliability.ts'
import { type Scene, svgOf, widthOf } from '../../../../src-renderer/plot/picture/shapes.ts'
import { confusionChart, confusionMap, reliabilityChart } from '../../../../src-renderer/plot/report.ts'

interface Told {
  title: string
  sentence: string
  columns: string[]
  rows: () => (string | number)[][]
}

/** As its file has it; fails where that is no XML, or where something lies outside the picture. */
async function leaves(scene: Scene, { title, sentence }: Told): Promise<string> {
  const svg = svgOf(scene, () => 'rgb(10, 20, 30)', `${title}. ${sentence}`, 'rgb(255, 255, 255)').text
  const { width, height } = await sharp(Buffer.from(svg)).metadata()
  expect([width, height]).toEqual([Math.round(scene.width), Math.round(scene.height)])
  for (const shape of scene.shapes) {
    const at = shape.is === 'line' ? shape.points : [shape]
    const end = shape.is === 'text' && !shape.turned ? endOf(shape) : 0
    expect([shape, end <= scene.width]).toEqual([shape, true])
    for (const { x, y } of at)
      expect([shape, x >= 0 && x <= scene.width && y >= 0 && y <= scene.height]).toEqual([shape, true])
  }
  return svg
}
/** Where a text ends, about. */
const endOf = ({ x, text, anchor = 'start' }: { x: number; text: string; anchor?: 'start' | 'middle' | 'end' }) =>
  x + widthOf(text) * { start: 1, middle: 0.5, end: 0 }[anchor]
const tableOf = ({ columns, rows }: Told): string[][] =>
  csvOf([columns, ...rows()])
    .trim()
    .split('\r\n')
    .map((line) => line.split(','))
const size = { width: 560, height: 420 }

it('the way of the coefficients, with how much of it each direction explains', async () => {
  const point = (stage: number, epoch: number, x: number, y: number) => ({ stage, epoch, x, y })
  const points = [point(0, 0, -1.25, 0), point(0, 1, 0.5, 0.125), point(1, 0, 0.5, 0.125), point(1, 1, 2.0625, -0.5)]
  const path = { points, shares: [0.71, 0.22] as [number, number] }
  const told = pathChart(path)
  for (const form of ['screen', 'paper'] as const) {
    const svg = await leaves(pathScene(path, size, form), told)
    for (const word of ['first direction, 71 % of the way', 'second, 22 %', '○ begin  ● now', 'Start', 'Iteration 1'])
      expect(svg).toContain(`>${word}</text>`)
  }
  const [, ...rows] = tableOf(told)
  expect(rows.map(([, epoch, x, y]) => [epoch, x, y].map(Number))).toEqual(
    points.map(({ epoch, x, y }) => [epoch, x, y]),
  )
  expect(rows.map(([name]) => name)).toEqual(['Start', 'Start', 'Iteration 1', 'Iteration 1'])
})

describe('of an evaluation', () => {
  const names = ['cat & dog', '"mouse"', '<bird>']
  const confusion: TaskResult['confusion'] = [
    ...(
      [
        [0, 0, 8],
        [0, 2, 2],
        [1, 1, 10],
        [2, 2, 4],
      ] as const
    ).map((cell): [number, number, number] => [...cell]),
  ]
  const bins = [
    { from: 0, to: 0.5, images: 0, correct: 0, confidence: 0 },
    { from: 0.5, to: 1, images: 24, correct: 22, confidence: 0.875 },
  ]
  const classes = [10, 10, 4].map((images, i) => ({ images, correct: [8, 10, 4][i] ?? 0, predicted: images }))
  const result = { images: 24, accuracy: 22 / 24, confusion, classes, calibration: { error: 0.04, bins } } as TaskResult

  it('which class is taken for which, with the names of both axes', async () => {
    const { rows, columns } = confusionMap(result, names)
    const ramp = { low: [0, 0, 255], zero: [255, 255, 255], high: [255, 0, 0] } as const
    const axes = { rowsAre: 'true class', columnsAre: 'predicted class' }
    for (const own of [false, true]) {
      const spec = { rows, blocks: columns, own, square: true, signed: false, text: String, ...axes, ramp, width: 640 }
      const svg = await leaves(mapScene(spec), confusionChart('pets', result, names))
      expect(svg.includes('>0</text>') && svg.includes('>1</text>')).toBe(!own) // the scale
      expect(svg).toContain('>true class</text>')
      expect(svg).toContain('>predicted class</text>')
      expect(svg.match(/>cat &amp; dog<\/text>/g)).toHaveLength(2)
    }
    const [columnNames, ...table] = tableOf(confusionChart('pets', result, ['a', 'b', 'c']))
    expect(columnNames).toEqual(['True class', 'Predicted class', 'Images', 'Of its class'])
    expect(table).toEqual([
      ['a', 'a', '8', '80.00 %'],
      ['a', 'c', '2', '20.00 %'],
      ['b', 'b', '10', '100.00 %'],
      ['c', 'c', '4', '100.00 %'],
    ])
  })

  it('how sure it is, and how often right', async () => {
    const told = reliabilityChart('pets', result)
    const svg = await leaves(reliabilityScene(bins, 'screen'), told)
    for (const word of ['how sure', 'how often right', '100 %']) expect(svg).toContain(`>${word}</text>`)
    expect(svg).toContain('<title>24 images, 87.5 % sure, 91.7 % right</title>')
    expect(tableOf(told).slice(1)).toEqual([
      ['0.0 %', '50.0 %', '0', '0', '–'],
      ['50.0 %', '100.0 %', '24', '22', '87.50 %'],
    ])
  })
})

describe('of a tensor', () => {
  it('how its values are spread, in bars of one width', async () => {
    const told = spreadChart('visual.proj', { low: -0.5, high: 1.5, counts: [1, 0, 6, 3] })
    const svg = await leaves(histogramScene(told.histogram, size, 'paper'), told)
    for (const word of ['value', 'values', '−0.5', '1.5'].map((w) => w.replace('−', '-')))
      expect(svg).toContain(`>${word}</text>`)
    expect(svg).toContain('<title>6 between 0.5 and 1</title>')
    expect(
      tableOf(told)
        .slice(1)
        .map((row) => row.map(Number)),
    ).toEqual([
      [-0.5, 0, 1],
      [0, 0.5, 0],
      [0.5, 1, 6],
      [1, 1.5, 3],
    ])
    expect(told.sentence).toBe('Values from −0.5000 to 1.500; most, 6, between 0.5000 and 1.000.'.replace('−', '-'))
  })

  it('of one value alone is one bar about it', async () => {
    for (const value of [0, -2]) {
      const told = spreadChart('scale', { low: value, high: value, counts: [7] })
      await leaves(histogramScene(told.histogram, size, 'screen'), told)
      const [[from = 0, to = 0, count] = []] = told.rows()
      expect([Number(from) < value, Number(to) > value, count]).toEqual([true, true, 7])
    }
  })

  it('how large its values are, in powers of two', async () => {
    const histogram = Array.from({ length: 49 }, (_, i) => (i === 34 ? 90 : i === 36 ? 10 : 0))
    const told = sizesChart('visual.proj', { histogram, zeros: 3 })
    const svg = await leaves(histogramScene(told.histogram, size, 'screen'), told)
    expect(svg).toContain('>size |x|</text>')
    const full = told.rows().filter(([, , n]) => n !== 0)
    expect(full).toEqual([
      [2 ** -6, 2 ** -5, 90],
      [2 ** -4, 2 ** -3, 10],
    ])
  })
})

it('of a mix the accuracy of each task, with interval and ticks', async () => {
  const task = { aim: 'learn' as const, images: 200, own: 0.8, pretrained: 0.5, reference: null }
  const scores = { type: 'scores' as const, done: false, tasks: [{ images: 100, correct: 90 }] }
  const bars = mixBars(
    [
      { ...task, name: 'mnist' },
      { ...task, name: 'a <b>' },
    ],
    scores,
    null,
  )
  const told = mixChart(bars, 'the run’s own')
  const svg = await leaves(mixScene(bars, 'the run’s own', 560), told)
  const words = ['mnist', '90.0 %', 'a &lt;b&gt;', '–', '60 %', 'the run’s own', 'pre-trained']
  for (const word of [...words, 'accuracy; the line is Wilson’s interval at 95 %'])
    expect(svg).toContain(`>${word}</text>`)
  expect(svg).not.toContain('fine-tuned') // none is known
  expect(svg).toContain('<title>mnist: 90.00 %, 100 of 200 images</title>')
  expect(told.sentence).toBe('mnist 90.0 %.')
  const none = '–'
  expect(tableOf(told).slice(1)).toEqual([
    ['mnist', '90.00 %', '82.56 %', '94.48 %', '100', '200', none, '80.00 %', '50.00 %', none],
    ['a <b>', none, none, none, '0', '200', none, '80.00 %', '50.00 %', none],
  ])
})

it('a lineage: what came of what, what is gone by its colour, and what was asked for by its edge', async () => {
  const model = (name: string, state: 'present' | 'missing') =>
    ({ kind: 'model', key: name, name, sha256: null, entry: null, state }) as const
  const run = { kind: 'run', key: 'run 7', name: 'DV-BASI', run: runId(7), state: 'done', accuracy: 0.5 } as const
  const nodes = [model('a model whose name is longer than its box.safetensors', 'present'), model('b', 'missing'), run]
  const edges = nodes.slice(0, 2).map(({ key }) => ({ from: key, to: run.key, as: 'vector' }))
  const placed = layout(
    nodes.map(({ key }) => key),
    edges,
  )
  const scene = lineageScene({ root: run.key, nodes, edges, left: 0 }, placed)
  const svg = await leaves(scene, { title: 'Lineage', sentence: '', columns: [], rows: () => [] })
  for (const word of ['a model whose….safetensors', 'file missing', 'Run 7: DV-BASI', 'done, 50.0 %'])
    expect(svg).toContain(`>${word}</text>`)
  const lines = scene.shapes.filter((shape) => shape.is === 'line')
  expect(lines.filter(({ points }) => points.length > 5)).toHaveLength(2) // curves
  expect(lines.filter(({ width }) => width > 2)).toHaveLength(1)
  expect(lines.filter(({ dash }) => dash)).toMatchObject([{ colour: 'bad' }])
})
