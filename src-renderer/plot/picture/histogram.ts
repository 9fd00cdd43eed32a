// Counts of values as bars side by side, over a linear axis or over powers of two.
import { count, short } from '../format.ts'
import type { Histogram } from '../histograms.ts'
import { type AxisText, scaleBetween } from './axis.ts'
import { type Form, leftFor, lettersOf, level, upright } from './frame.ts'
import { type Mark, type Plot, sceneOf } from './plot.ts'
import type { Scene } from './shapes.ts'

const value: AxisText = (v) => String(Number(v.toPrecision(3)))
const counted: AxisText = (n) => (Number.isInteger(n) ? short(n) : '')

export function histogramPlot(
  { edges, counts, kind, x: title }: Histogram,
  { width, height }: Pick<Scene, 'width' | 'height'>,
  form: Form,
): Plot {
  const range = { kind: 'linear' as const, from: 0, to: 1.04 * Math.max(1, ...counts) }
  const box = { left: leftFor(range, counted), top: 10, right: width - 16, bottom: height - 38 }
  const x = scaleBetween(kind, [edges[0] ?? 0, edges.at(-1) ?? 1], [box.left, box.right])
  const y = scaleBetween('linear', [range.from, range.to], [box.bottom, box.top])
  const marks = counts.flatMap((n, i): Mark[] => {
    if (n === 0) return []
    const [from = 0, to = 0] = edges.slice(i, i + 2)
    const [start, end, top] = [x.at(from), x.at(to), Math.min(y.at(n), box.bottom - 0.5)] // a few are seen too
    const gap = end - start > 4 ? 0.5 : 0
    const says = `${count(n)} between ${value(from)} and ${value(to)}`
    const place = { x: start + gap, y: top, width: end - start - 2 * gap, height: box.bottom - top }
    return [{ is: 'rectangle', ...place, colour: 'iteration-1', says }]
  })
  return {
    ...{ width, height, ...lettersOf(form), form, box, marks },
    x: level(box, x, title, value, false),
    y: upright(box, y, 'values', counted),
    under: [],
    over: [],
  }
}

export const histogramScene = (histogram: Histogram, size: Pick<Scene, 'width' | 'height'>, form: Form): Scene =>
  sceneOf(histogramPlot(histogram, size, form))
