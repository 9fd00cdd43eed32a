// A plot as Chart.js' configuration: its scales are linear or logarithmic with exactly the plot's ends and marks, its
// chart area is exactly the plot's box (axes of a fixed size, no padding of its own), so that a cross-hair, pins and a
// zoom placed by the plot's scales lie where Chart.js draws. Marks of one style are one dataset: lines with a gap of
// NaN between their parts, dots and crosses as points without a line, rectangles as floating bars. No legend, no
// tooltip, no events, no motion: the page has its own reading.
import type { ChartConfiguration, ChartDataset, ScaleOptionsByType } from 'chart.js'

import type { Axis } from './frame.ts'
import type { Mark, Plot } from './plot.ts'
import { textSize } from './shapes.ts'

/** What a canvas needs to be told: values of theme.css' variables, and the page's letters. */
export interface Ink {
  colour(name: string): string
  letters: string
}

type Value = number | [number, number]
interface Datum {
  x: Value
  y: Value
}
export type PlotChart = ChartConfiguration<'line' | 'bar', Datum[]>
export type PlotSeries = ChartDataset<'line' | 'bar', Datum[]>

export function chartOf(plot: Plot, ink: Ink): PlotChart {
  const { width, height, box, x, y } = plot
  return {
    type: 'line',
    data: { datasets: seriesOf(plot, ink) },
    options: {
      animation: false,
      responsive: false,
      maintainAspectRatio: false,
      events: [],
      layout: { autoPadding: false, padding: { left: 0, top: box.top, right: width - box.right, bottom: 0 } },
      scales: { x: scaleOf(x, 'x', height - box.bottom, ink), y: scaleOf(y, 'y', box.left, ink) },
    },
  }
}

/** size: how many pixels the axis takes, beside or below the box. */
function scaleOf({ scale, title, marks, look }: Axis, axis: 'x' | 'y', size: number, { colour, letters }: Ink) {
  const [quiet, font] = [colour('quiet'), { family: letters, size: textSize }]
  const fixed: Pick<ScaleOptionsByType<'linear'>, 'afterBuildTicks' | 'afterFit'> = {
    afterBuildTicks: (own) => {
      own.ticks = marks.map(({ value }) => ({ value }))
    },
    afterFit: (own) => {
      own[axis === 'x' ? 'height' : 'width'] = size
      Object.assign(own, { paddingLeft: 0, paddingRight: 0, paddingTop: 0, paddingBottom: 0 }) // names may overhang
    },
  }
  return {
    type: scale.kind === 'log' ? ('logarithmic' as const) : ('linear' as const),
    axis,
    position: axis === 'x' ? ('bottom' as const) : ('left' as const),
    min: scale.from,
    max: scale.to,
    bounds: 'data' as const,
    border: { display: look === 'ticks', color: quiet },
    grid: {
      display: look !== 'bare',
      drawOnChartArea: look === 'grid',
      drawTicks: look === 'ticks',
      tickLength: 4,
      color: look === 'ticks' ? quiet : colour('line'),
    },
    ticks: {
      display: look !== 'bare',
      autoSkip: false,
      maxRotation: 0,
      color: quiet,
      font,
      padding: look === 'ticks' ? 3 : 6,
      callback: (_: unknown, i: number) => marks[i]?.text ?? '',
    },
    title: {
      display: title !== '',
      text: title,
      color: quiet,
      font,
      padding: axis === 'x' ? { top: 0, bottom: 4 } : { top: 1, bottom: 0 },
    },
    ...fixed,
  }
}

/** Chart.js draws the last dataset first. */
function seriesOf(plot: Plot, ink: Ink): PlotSeries[] {
  const styles = new Map<string, PlotSeries>()
  for (const mark of plot.marks) {
    const name = styleOf(mark, plot)
    const known = styles.get(name)
    if (known) known.data.push(...dataOf(mark, plot, known.data.length > 0))
    else styles.set(name, series(name, mark, plot, ink))
  }
  return [...styles.values()].reverse()
}

const thickness = (mark: Extract<Mark, { is: 'rectangle' }>, { barsLie }: Plot): number =>
  barsLie ? mark.height : mark.width

/** Equal of marks that one dataset can hold. */
function styleOf(mark: Mark, plot: Plot): string {
  const { is, colour, opacity = 1 } = mark
  const own = {
    line: () => (mark.is === 'line' ? [mark.width, ...(mark.dash ?? [])] : []),
    dot: () => (mark.is === 'dot' ? [mark.radius] : []),
    cross: () => (mark.is === 'cross' ? [mark.reach] : []),
    rectangle: () => (mark.is === 'rectangle' ? [thickness(mark, plot).toFixed(2), mark.edge ?? ''] : []),
  }
  return [is, colour, opacity, ...own[is]()].join(' ')
}

/** gap: something of the same style comes before. */
function dataOf(mark: Mark, { x: { scale: x }, y: { scale: y }, barsLie = false }: Plot, gap: boolean): Datum[] {
  if (mark.is === 'line') {
    const points = mark.points.map((p) => ({ x: x.value(p.x), y: y.value(p.y) }))
    return gap && points[0] ? [{ x: points[0].x, y: Number.NaN }, ...points] : points
  }
  if (mark.is !== 'rectangle') return [{ x: x.value(mark.x), y: y.value(mark.y) }]
  const { x: left, y: top, width, height } = mark
  return barsLie
    ? [{ x: [x.value(left), x.value(left + width)], y: y.value(top + height / 2) }]
    : [{ x: x.value(left + width / 2), y: [y.value(top + height), y.value(top)] }]
}

/** A dataset that holds one mark so far. */
function series(label: string, mark: Mark, plot: Plot, ink: Ink): PlotSeries {
  const shade = faint(inked(mark.colour, ink), mark.opacity)
  const told = { label, data: dataOf(mark, plot, false) }
  const points = { ...told, type: 'line', showLine: false, clip: false } as const
  switch (mark.is) {
    case 'line':
      return {
        ...told,
        type: 'line',
        borderColor: shade,
        borderWidth: mark.width,
        borderDash: [...(mark.dash ?? [])],
        borderJoinStyle: 'round',
        pointRadius: 0,
      }
    case 'dot':
      return { ...points, pointRadius: mark.radius, pointBackgroundColor: shade, pointBorderWidth: 0 }
    case 'cross': // a radius goes to the corners
      return {
        ...{ ...points, pointStyle: 'crossRot', pointRadius: mark.reach * Math.SQRT2 },
        ...{ pointBorderColor: shade, pointBorderWidth: 2 },
      }
    case 'rectangle':
      return {
        ...{
          ...told,
          type: 'bar',
          indexAxis: plot.barsLie ? 'y' : 'x',
          grouped: false,
          barThickness: thickness(mark, plot),
        },
        ...{ backgroundColor: shade, borderSkipped: false, inflateAmount: 0, clip: false },
        ...(mark.edge ? { borderColor: inked(mark.edge, ink), borderWidth: 1 } : { borderWidth: 0 }),
      }
  }
}

const inked = (name: string, { colour }: Ink): string => (name.startsWith('rgb') ? name : colour(name))
const faint = (shade: string, opacity = 1): string =>
  opacity === 1 ? shade : shade.replace('rgb(', 'rgba(').replace(')', `, ${opacity})`)
