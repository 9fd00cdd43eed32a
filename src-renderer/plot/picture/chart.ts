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
    offset: false, // bars would have room beyond the ends
    border: { display: look === 'ticks', color: quiet },
    grid: {
      display: look !== 'bare',
      offset: false,
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

/**
 * Chart.js draws the last dataset first. A label says all of how its dataset looks, so that one may be fed in place of
 * another of its label: update('none') does not look again at how points and bars look.
 */
function seriesOf(plot: Plot, ink: Ink): PlotSeries[] {
  const styles = new Map<string, PlotSeries>()
  for (const mark of plot.marks) {
    const style = styleOf(mark, plot, ink)
    const label = `${mark.is} ${JSON.stringify(style)}`
    const series = styles.get(label) ?? { ...style, label }
    series.data.push(...dataOf(mark, plot, series.data.length > 0))
    styles.set(label, series)
  }
  return [...styles.values()].reverse()
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

/** A dataset that is still empty. */
function styleOf(mark: Mark, { barsLie }: Plot, ink: Ink): PlotSeries {
  const shade = faint(inked(mark.colour, ink), mark.opacity)
  const points = { type: 'line', showLine: false, clip: false } as const
  switch (mark.is) {
    case 'line':
      return {
        data: [],
        type: 'line',
        borderColor: shade,
        borderWidth: mark.width,
        borderDash: [...(mark.dash ?? [])],
        borderJoinStyle: 'round',
        pointRadius: 0,
      }
    case 'dot':
      return { data: [], ...points, pointRadius: mark.radius, pointBackgroundColor: shade, pointBorderWidth: 0 }
    case 'cross':
      return {
        data: [],
        ...points,
        pointStyle: 'crossRot',
        pointRadius: mark.reach * Math.SQRT2, // goes to the corners
        pointBorderColor: shade,
        pointBorderWidth: 2,
      }
    case 'rectangle':
      return {
        data: [],
        type: 'bar',
        indexAxis: barsLie ? 'y' : 'x',
        grouped: false,
        barThickness: barsLie ? mark.height : mark.width,
        backgroundColor: shade,
        ...(mark.edge ? { borderColor: inked(mark.edge, ink), borderWidth: 1 } : { borderWidth: 0 }),
        borderSkipped: false,
        inflateAmount: 0,
        clip: false,
      }
  }
}

const inked = (name: string, { colour }: Ink): string => (name.startsWith('rgb') ? name : colour(name))
const faint = (shade: string, opacity = 1): string =>
  opacity === 1 ? shade : shade.replace('rgb(', 'rgba(').replace(')', `, ${opacity})`)
