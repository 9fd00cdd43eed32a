// The part of a report's page that goes over lambda: of each task a drawing and a table of its accuracy and, where its
// images have groups, of the gaps between them.
import type { EvaluationReport } from '../../../contract/api/evaluations.ts'
import { isGrouped, lambdaSweep, type SweepPoint, type TaskSweep } from '../../../contract/lambda-sweep.ts'
import { type Html, html, percent } from '../../../contract/markup.ts'

const meaning =
  'λ is how much of the way from the pre-trained model to the run’s is gone: 0 is the pre-trained model. DPD and EOD are the demographic-parity and equalised-odds gaps between groups, in points.'

/** Null of a report that is no sweep. */
export function sweepPart(report: EvaluationReport): Html | null {
  const sweeps = lambdaSweep(report)
  if (sweeps.length === 0) return null
  return html`<h2>Over λ</h2>
<p class="quiet">${meaning}</p>
${sweeps.map(taskPart)}`
}

function taskPart(sweep: TaskSweep): Html {
  const grouped = isGrouped(sweep)
  const rows = sweep.points.map(
    ({ lambda, accuracy, interval: [low, high], parity, odds }) =>
      html`<tr><td>${lambda}</td><td>${percent(accuracy)}</td><td class="quiet">${percent(low)}–${percent(high)}</td>${
        grouped && html`<td>${percent(parity)}</td><td>${percent(odds)}</td>`
      }</tr>`,
  )
  return html`<div class="panel"><h3>${sweep.task}</h3><div class="across">${drawing(sweep)}<table class="sweep">
<thead><tr><th>λ</th><th>Accuracy</th><th>95 %</th>${grouped && html`<th>DPD</th><th>EOD</th>`}</tr></thead>
<tbody>${rows}</tbody></table></div></div>`
}

const [wide, high, left, top] = [360, 200, 40, 22]

const lines = [
  { name: 'accuracy', colour: 'var(--leaf)', of: ({ accuracy }: SweepPoint): number | null => accuracy },
  { name: 'DPD', colour: 'var(--bad)', of: ({ parity }: SweepPoint): number | null => parity },
  { name: 'EOD', colour: 'var(--sea)', of: ({ odds }: SweepPoint): number | null => odds },
]

function drawing({ task, points }: TaskSweep): Html {
  const lambdas = points.map(({ lambda }) => lambda)
  const [first, last] = [Math.min(...lambdas), Math.max(...lambdas)]
  const x = (lambda: number): string => (left + ((lambda - first) / (last - first || 1)) * wide).toFixed(1)
  const y = (share: number): string => (top + (1 - share) * high).toFixed(1)
  const drawn = lines.flatMap(({ name, colour, of }, i) => {
    const at = points.flatMap((point) => {
      const value = of(point)
      return value === null ? [] : [`${x(point.lambda)},${y(value)}`]
    })
    if (at.length === 0) return []
    return [
      html`<polyline points="${at.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/><text x="${left + 90 * i}" y="12" style="fill: ${colour}">${name}</text>`,
    ]
  })
  const ticks = [0, 0.5, 1].map(
    (share) => html`<text x="${left - 5}" y="${Number(y(share)) + 4}" text-anchor="end">${100 * share}</text>`,
  )
  const ends = [first, last].map(
    (lambda) => html`<text x="${x(lambda)}" y="${top + high + 15}" text-anchor="middle">${lambda}</text>`,
  )
  const size = { width: left + wide + 20, height: top + high + 32 }
  return html`<svg class="sweep" width="${size.width}" height="${size.height}" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${task} over λ"><rect class="frame" x="${left}" y="${top}" width="${wide}" height="${high}"/>${drawn}${ticks}${ends}<text x="${left + wide / 2}" y="${top + high + 29}" text-anchor="middle">λ</text></svg>`
}
