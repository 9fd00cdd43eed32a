// What Chart.js is told of a plot: the same box, ends, marks and points that the file's shapes have. Chart.js itself
// lays it out here, on a canvas that only writes down what is drawn.
import {
  BarController,
  BarElement,
  Chart,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
} from 'chart.js'
import { describe, expect, it } from 'vitest'

import { figure, percent } from '../../../../src-renderer/plot/format.ts'
import { growthPlot, intervalPlot } from '../../../../src-renderer/plot/picture/bars.ts'
import { chartOf } from '../../../../src-renderer/plot/picture/chart.ts'
import { histogramPlot } from '../../../../src-renderer/plot/picture/histogram.ts'
import { type LineSpec, linePicture } from '../../../../src-renderer/plot/picture/lines.ts'
import { pathPlot } from '../../../../src-renderer/plot/picture/path.ts'
import { type Plot, sceneOf } from '../../../../src-renderer/plot/picture/plot.ts'
import { reliabilityPlot } from '../../../../src-renderer/plot/picture/reliability.ts'

Chart.register(...[BarController, BarElement, LinearScale, LineController, LineElement, LogarithmicScale, PointElement])

const ink = { colour: () => 'rgb(1, 2, 3)', letters: 'sans-serif' }

/** Chart.js' chart of a plot, and the texts that it wrote. */
function laidOut(plot: Plot) {
  const written: string[] = []
  const canvas = { width: plot.width, height: plot.height, getContext: () => context }
  const context: object = new Proxy(
    { canvas },
    {
      get: (own, name) => {
        if (name in own) return Reflect.get(own, name)
        if (name === 'measureText') return (text: string) => ({ width: 6.3 * text.length })
        return name === 'fillText' ? (text: string) => written.push(text) : () => {}
      },
    },
  )
  const chart: Chart = Reflect.construct(Chart, [canvas, chartOf(plot, ink)])
  return { chart, written }
}

const look = { smoothing: 0, logX: false, logY: false }
const line = (values: number[], stage = 1, from = 1) => ({
  stage,
  name: `Iteration ${stage}`,
  points: values.map((y, i) => ({ x: from + i, y })),
})
const pictureOf = (change: Partial<LineSpec> & Pick<LineSpec, 'lines'>) =>
  linePicture({ x: 'step', y: 'loss', yText: figure, look, width: 613, height: 220, ...change })

/** Chart.js' box, ends, marks and words are the plot's, pixel by pixel. */
function agreed(plot: Plot): Chart {
  const { chart, written } = laidOut(plot)
  const { left, top, right, bottom } = chart.chartArea
  expect({ left, top, right, bottom }).toEqual(plot.box)
  for (const name of ['x', 'y'] as const) {
    const [drawn, { scale, marks, title }] = [chart.scales[name], plot[name]]
    expect([drawn?.min, drawn?.max]).toEqual([scale.from, scale.to])
    expect(drawn?.ticks.map(({ value, label }) => ({ value, text: label }))).toEqual(marks)
    for (const value of [scale.from, ...marks.map((mark) => mark.value), scale.to])
      expect(drawn?.getPixelForValue(value)).toBeCloseTo(scale.at(value), 6)
    expect(written).toEqual(expect.arrayContaining([...marks.map(({ text }) => text), ...(title ? [title] : [])]))
  }
  const inFile = sceneOf(plot).shapes.flatMap((s) => (s.is === 'text' ? [s.text] : []))
  const beside = [...plot.under, ...plot.over].flatMap((s) => (s.is === 'text' ? [s.text] : []))
  expect([...written, ...beside].toSorted()).toEqual(inFile.toSorted())
  return chart
}

/** Where Chart.js draws each point of the datasets whose name begins so; gaps left out. */
const pointsOf = (chart: Chart, begins: string) =>
  chart.data.datasets.flatMap(({ label = '' }, i) =>
    label.startsWith(begins)
      ? chart
          .getDatasetMeta(i)
          .data.flatMap((at) => ('skip' in at && at.skip ? [] : [{ x: near(at.x), y: near(at.y) }]))
      : [],
  )
const near = (pixel: number) => Number(pixel.toFixed(4))
const marksOf = ({ marks }: Plot, is: 'line' | 'dot' | 'cross') =>
  marks
    .flatMap((mark) => (mark.is !== is ? [] : mark.is === 'line' ? mark.points : [mark]))
    .map(({ x, y }) => ({ x: near(x), y: near(y) }))
type Spot = { x: number; y: number; height?: number }
const byPlace = (a: Spot, b: Spot) => a.x - b.x || a.y - b.y || (a.height ?? 0) - (b.height ?? 0)

describe('a line chart of Chart.js', () => {
  const losses = [0.9, 0.5, Number.NaN, 0.4, 0.2, Number.POSITIVE_INFINITY, 0.15, 0.1, 0.02, 0.01]
  const lines = [line(losses), line([0.3, 0.2, 0.1], 2, 11)]
  const extras = { pins: [4], marked: line([0.4], 3, 4), ringed: line([0.1], 2, 13), limits: [line([0.1, 0.3], 2, 2)] }
  const cases: [string, Partial<LineSpec>][] = [
    ['linear', {}],
    ['smoothed, with dots', { look: { ...look, smoothing: 0.7 }, dots: true }],
    ['logarithmic', { look: { smoothing: 0, logX: true, logY: true }, dots: true }],
    ['zoomed', { zoom: [3.5, 8.5] }],
    ['with pins, limits, crosses and rings', extras],
    ['overlaid', { overlaid: true, lines: [lines[0] ?? line([]), line([0.3, 0.2, 0.1], 2)] }],
    ['of nothing', { lines: [] }],
  ]
  it.each(cases)('%s lies in the box of the file, with its ends, marks, words and points', (_, change) => {
    const { plot } = pictureOf({ lines, ...change })
    const chart = agreed(plot)
    for (const is of ['line', 'dot', 'cross'] as const)
      expect(pointsOf(chart, is).toSorted(byPlace)).toEqual(marksOf(plot, is).toSorted(byPlace))
    chart.destroy()
  })

  it('breaks where a value is no number, and holds a style in one dataset', () => {
    const { plot } = pictureOf({ lines: [line([1, 2, Number.NaN, 3, 4])] })
    const { datasets } = chartOf(plot, ink).data
    expect(datasets.map(({ label }) => label?.split(' ')[0])).toEqual(['cross', 'line'])
    const values = datasets[1]?.data.map(({ y }) => (typeof y === 'number' ? Number(y.toFixed(9)) : y))
    expect(values).toEqual([1, 2, Number.NaN, 3, 4])
  })

  it('of a hundred thousand steps has a few points a pixel', () => {
    const { plot } = pictureOf({ lines: [line(Array.from({ length: 100_000 }, (_, i) => Math.sin(i / 500)))] })
    const chart = agreed(plot)
    expect(pointsOf(chart, 'line').length).toBeLessThan(613 * 4 + 10)
    expect(pointsOf(chart, 'line').length).toBeGreaterThan(613)
    chart.destroy()
  })
})

it('the path of coefficients lies where the file has it, with one scale for both directions', () => {
  const point = (stage: number, epoch: number, x: number, y: number) => ({ stage, epoch, x, y })
  const points = [point(0, 0, 0, 0), point(0, 1, 3, 4), point(1, 0, 3, 4), point(1, 1, 6, 0)]
  for (const [width, height] of [
    [613, 172],
    [328, 420],
  ] as const) {
    const plot = pathPlot({ points, shares: [0.8, 0.15] }, { width, height }, 'screen')
    const chart = agreed(plot)
    for (const is of ['line', 'dot'] as const)
      expect(pointsOf(chart, is).toSorted(byPlace)).toEqual(marksOf(plot, is).toSorted(byPlace))
    const { x, y, box } = plot
    expect(x.scale.at(1) - x.scale.at(0)).toBeCloseTo(y.scale.at(0) - y.scale.at(1), 9) // up is up
    const all = plot.marks.flatMap((mark) => (mark.is === 'line' ? mark.points : []))
    expect(all.every((p) => p.x > box.left && p.x < box.right && p.y > box.top && p.y < box.bottom)).toBe(true)
    chart.destroy()
  }
  for (const none of [[], [point(0, 0, 1, 1)]])
    agreed(pathPlot({ points: none, shares: [0, 0] }, { width: 300, height: 172 }, 'screen')).destroy()
})

it('a dataset of one label looks the same, and another where the page is dark has another label', () => {
  const { plot } = pictureOf({ lines: [line([1, 2, 3])], dots: true })
  const labels = (shade: string) => chartOf(plot, { ...ink, colour: () => shade }).data.datasets.map((d) => d.label)
  const [light, again, dark] = ['rgb(0, 0, 0)', 'rgb(0, 0, 0)', 'rgb(9, 9, 9)'].map(labels)
  expect(light).toEqual(again)
  expect(light?.filter((label) => dark?.includes(label))).toEqual([])
})

describe('a bar chart of Chart.js', () => {
  const bars = (chart: Chart) =>
    chart.data.datasets
      .flatMap(({ label = '' }, i) =>
        label.startsWith('rectangle')
          ? chart.getDatasetMeta(i).data.map((bar) => bar.getProps(['x', 'y', 'base', 'width', 'height', 'horizontal']))
          : [],
      )
      .map(({ x = 0, y = 0, base = 0, width = 0, height = 0, horizontal }: Record<string, number>) =>
        horizontal
          ? { x: near(Math.min(x, base)), y: near(y - height / 2), width: near(width), height: near(height) }
          : { x: near(x - width / 2), y: near(Math.min(y, base)), width: near(width), height: near(height) },
      )
      .toSorted(byPlace)
  const rectangles = ({ marks }: Plot) =>
    marks
      .flatMap((mark) => (mark.is === 'rectangle' ? [mark] : []))
      .map(({ x, y, width, height }) => ({ x: near(x), y: near(y), width: near(width), height: near(height) }))
      .toSorted(byPlace)

  it('has what each stage reaches and adds where the file has it', () => {
    const stage = (n: number, value: number, gain: number | null) => ({
      ...{ stage: n, name: `Iteration ${n}`, value, gain, accepted: true },
    })
    const plot = growthPlot(
      [stage(0, 0.86, null), stage(1, 0.89, 0.03), stage(2, 0.885, -0.005), stage(3, 0.885, 0)],
      'mean accuracy',
      { width: 401, height: 220 },
      'screen',
    )
    const chart = agreed(plot)
    expect(bars(chart)).toEqual(rectangles(plot))
    chart.destroy()
  })

  /** Chart.js leaves half a pixel to the line of the axis where a bar stands on 0. */
  const above0 = <Bar extends { height: number }>(bar: Bar) => ({ ...bar, height: near(bar.height - 0.5) })

  it('has a histogram, on a linear axis and on powers of two, where the file has it', () => {
    const counts = [3, 0, 700, 12]
    for (const [kind, edges] of [
      ['linear', [-0.2, -0.1, 0, 0.1, 0.2]],
      ['log', [2 ** -40, 2 ** -20, 1, 2, 2 ** 8]],
    ] as const) {
      const plot = histogramPlot({ edges, counts, kind, x: 'value' }, { width: 613, height: 170 }, 'screen')
      const chart = agreed(plot)
      expect(bars(chart)).toEqual(rectangles(plot).map(above0))
      chart.destroy()
    }
  })

  it('has a reliability diagram and its diagonal where the file has them', () => {
    const bin = (i: number, images: number, correct: number) => ({
      ...{ from: i / 4, to: (i + 1) / 4, images, correct, confidence: (i + 0.5) / 4 },
    })
    const plot = reliabilityPlot([bin(0, 0, 0), bin(1, 4, 1), bin(2, 9, 6), bin(3, 400, 390)], 330, 'screen')
    const chart = agreed(plot)
    expect(bars(chart)).toEqual(rectangles(plot).map(above0))
    expect(pointsOf(chart, 'line')).toEqual(marksOf(plot, 'line'))
    chart.destroy()
  })

  it('has bars, whiskers and seeds of intervals where the file has them', () => {
    const bar = { name: 'run 1', place: 1, value: 0.8, low: 0.75, high: 0.84, dots: [0.76, 0.83] }
    const other = { ...bar, name: 'run 2', place: 2, value: 0.7712, low: 0.72, high: 0.8 }
    const plot = intervalPlot([{ name: 'cars', bars: [bar, other, { ...other, name: 'run 3', value: null }] }], 603)
    const chart = agreed(plot)
    expect(bars(chart)).toEqual(rectangles(plot))
    for (const is of ['line', 'dot'] as const)
      expect(pointsOf(chart, is).toSorted(byPlace)).toEqual(marksOf(plot, is).toSorted(byPlace))
    expect(plot.x.marks.map(({ text }) => text)).toContain(percent(0.8, 0))
    chart.destroy()
  })
})
