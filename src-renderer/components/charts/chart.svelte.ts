// A plot on a canvas, drawn by Chart.js: one chart a canvas, made and gone with it, and fed in place when the plot or a
// colour of the page changes. What plot/picture/chart.ts' datasets do not hold (words, and lines that leave the box) is
// painted by a plugin below and above them.
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
import type { Attachment } from 'svelte/attachments'

import { chartOf, type PlotChart } from '../../plot/picture/chart.ts'
import type { Plot } from '../../plot/picture/plot.ts'
import { paint } from './paint.ts'
import { colour, fontFamily } from './palette.svelte.ts'

Chart.register(...[BarController, BarElement, LinearScale, LineController, LineElement, LogarithmicScale, PointElement])

/** A new one each time: Chart.js keeps what it is given, and puts its own into it. */
const empty = (): PlotChart => ({
  type: 'line',
  data: { datasets: [] },
  options: { animation: false, responsive: false, maintainAspectRatio: false, events: [] },
})

export function drawn(plot: () => Plot): Attachment<HTMLCanvasElement> {
  return (canvas) => {
    let shown: Plot | null = null
    const beside = {
      id: 'beside',
      beforeDatasetsDraw: ({ ctx }: Chart) => paint(ctx, shown?.under ?? []),
      afterDatasetsDraw: ({ ctx }: Chart) => paint(ctx, shown?.over ?? []),
    }
    const chart = new Chart(canvas, { ...empty(), plugins: [beside] })
    $effect(() => {
      shown = plot()
      feed(chart, chartOf(shown, { colour, letters: fontFamily() }), shown)
    })
    return () => chart.destroy()
  }
}

type Drawn = Chart<PlotChart['type'], PlotChart['data']['datasets'][number]['data']>

/** Datasets that look as one that was there does stay the same objects, and keep their elements. */
function feed(chart: Drawn, { data, options }: PlotChart, { width, height }: Plot): void {
  const before = new Map(chart.data.datasets.map((dataset) => [dataset.label, dataset]))
  chart.data.datasets = data.datasets.map((next) => Object.assign(before.get(next.label) ?? next, { data: next.data }))
  if (options) chart.options = options
  if (chart.width !== width || chart.height !== height || chart.currentDevicePixelRatio !== devicePixelRatio)
    chart.resize(width, height)
  chart.update('none')
}
