// Chart.js as an attachment: made with the canvas, fed by an effect, gone with it.
import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  type ChartConfiguration,
  type ChartOptions,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  type Plugin,
  PointElement,
  Tooltip,
} from 'chart.js'
import { untrack } from 'svelte'
import type { Attachment } from 'svelte/attachments'

import { colour, fontFamily } from './palette.svelte.ts'

Chart.register(
  BarController,
  BarElement,
  CategoryScale,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  Tooltip,
)

/** Draws what configure() says, again whenever something it reads changes. Plugins are taken once. */
export function drawn<T extends 'line' | 'bar'>(configure: () => ChartConfiguration<T>): Attachment<HTMLCanvasElement> {
  return (canvas) => {
    const chart = untrack(() => new Chart(canvas, configure()))
    $effect(() => {
      const { data, options } = configure()
      chart.data = data
      if (options) chart.options = options
      chart.update('none')
    })
    return () => chart.destroy()
  }
}

interface Axes {
  x?: string
  y: string
  yText: (value: number) => string
  min?: number
  max?: number
}

/** What all charts share: no motion, the page's font and colours, quiet grid. */
export function commonOptions({ x, y, yText, min, max }: Axes) {
  const [ink, line, panel, text] = [colour('quiet'), colour('line'), colour('panel'), colour('ink')]
  const font = { family: fontFamily(), size: 11 }
  const title = (shown: string) => ({ display: true, text: shown, color: ink, font })
  return {
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    normalized: true,
    layout: { padding: { top: 16, right: 6 } },
    interaction: { mode: 'nearest', axis: 'x', intersect: false },
    scales: {
      x: {
        grid: { display: false },
        border: { color: ink },
        ticks: { color: ink, font, maxRotation: 0, includeBounds: false },
        ...(x && { title: title(x) }),
      },
      y: {
        min,
        max,
        grid: { color: line },
        border: { display: false },
        ticks: { color: ink, font, maxTicksLimit: 6, callback: (v: string | number) => yText(Number(v)) },
        title: title(y),
      },
    },
    plugins: {
      tooltip: {
        backgroundColor: panel,
        titleColor: ink,
        bodyColor: text,
        borderColor: ink,
        borderWidth: 1,
        titleFont: font,
        bodyFont: { ...font, size: 12 },
        boxWidth: 8,
        boxHeight: 8,
        boxPadding: 4,
        padding: 8,
      },
    },
  } satisfies ChartOptions<'line'>
}

/** Thin lines with a name where each stage begins, so that a stage is told by more than its colour. */
export function stageMarks(marks: () => { x: number; name: string; variable: string }[]): Plugin<'line'> {
  return {
    id: 'stage-marks',
    beforeDatasetsDraw(chart) {
      const { ctx, chartArea, scales } = chart
      if (!scales.x || !chartArea) return
      ctx.save()
      ctx.font = `11px ${fontFamily()}`
      let free = Number.NEGATIVE_INFINITY
      for (const mark of marks()) {
        const x = scales.x.getPixelForValue(mark.x)
        ctx.strokeStyle = colour('line')
        ctx.beginPath()
        ctx.moveTo(x, chartArea.top - 12)
        ctx.lineTo(x, chartArea.bottom)
        ctx.stroke()
        if (x < free) continue
        ctx.fillStyle = colour(mark.variable)
        ctx.fillText(mark.name, x + 4, chartArea.top - 5)
        free = x + ctx.measureText(mark.name).width + 10
      }
      ctx.restore()
    },
  }
}
