// The drawings of a report, as SVG: which class was taken for which, and whether confidence is earned. Colours are the
// page's own.
import type { TaskReport, TaskResult } from '../../../contract/api/evaluations.ts'
import { type Html, html, percent } from '../../../contract/markup.ts'

export const mostDrawn = 100 // classes of a confusion matrix; beyond, cells are smaller than a pixel

/** Rows are labels, columns predictions; a cell's depth is its part of the row's images. */
export function confusionMap({ classes: names }: TaskReport, { confusion, classes }: TaskResult): Html {
  const n = classes.length
  const cell = n <= 12 ? 26 : n <= 30 ? 16 : n <= 60 ? 9 : 5
  const isLabelled = n <= 30
  const left = isLabelled ? Math.min(150, 12 + 6.2 * Math.max(...classes.map((_, c) => nameOf(names, c).length))) : 18
  const size = n * cell
  const bottom = isLabelled ? left : 18
  const cells = confusion.map(([label, predicted, count]) => {
    const part = count / (classes[label]?.images ?? 1)
    const says = `${count} of ${nameOf(names, label)} called ${nameOf(names, predicted)}, ${percent(part)} %`
    const kind = label === predicted ? 'right' : 'wrong'
    return html`<rect class="${kind}" x="${left + predicted * cell}" y="${label * cell}" width="${cell}" height="${cell}" fill-opacity="${(0.12 + 0.88 * part).toFixed(3)}"><title>${says}</title></rect>`
  })
  const labels = isLabelled && [
    ...classes.map(
      (_, c) =>
        html`<text x="${left - 5}" y="${c * cell + cell / 2 + 4}" text-anchor="end">${shortened(nameOf(names, c))}</text>`,
    ),
    ...classes.map((_, c) => {
      const [x, y] = [left + c * cell + cell / 2 + 4, size + 6]
      return html`<text x="${x}" y="${y}" text-anchor="end" transform="rotate(-90 ${x} ${y})">${shortened(nameOf(names, c))}</text>`
    }),
  ]
  const axes =
    !isLabelled &&
    html`<text x="${left + size / 2}" y="${size + 13}" text-anchor="middle">predicted</text><text x="12" y="${size / 2}" text-anchor="middle" transform="rotate(-90 12 ${size / 2})">label</text>`
  return html`<svg class="map" width="${left + size + 2}" height="${size + bottom}" viewBox="0 0 ${left + size + 2} ${size + bottom}" role="img" aria-label="Confusion matrix"><rect class="frame" x="${left}" y="0" width="${size}" height="${size}"/>${cells}${labels}${axes}</svg>`
}

/** Labels that were most often taken for another class. */
export function confusedPairs({ confusion }: TaskResult, most: number): TaskResult['confusion'] {
  return confusion
    .filter(([label, predicted]) => label !== predicted)
    .toSorted((a, b) => b[2] - a[2])
    .slice(0, most)
}

const wide = 240
const high = 180

/** Accuracy over confidence, a bar a bin, as wide as the bin; the line is where they would be equal. */
export function reliabilityDiagram({ calibration, images }: TaskResult): Html {
  const [left, top] = [34, 8]
  const x = (v: number): number => left + v * wide
  const y = (v: number): number => top + (1 - v) * high
  const most = Math.max(...calibration.bins.map((bin) => bin.images))
  const bars = calibration.bins.flatMap((bin) => {
    if (bin.images === 0) return []
    const accuracy = bin.correct / bin.images
    const says = `confidence ${percent(bin.from)} to ${percent(bin.to)} %: ${bin.images} of ${images} images, mean confidence ${percent(bin.confidence)} %, accuracy ${percent(accuracy)} %`
    const [width, depth] = [(bin.to - bin.from) * wide - 1, (0.3 + (0.7 * bin.images) / most).toFixed(3)]
    return [
      html`<rect class="bar" x="${x(bin.from) + 0.5}" y="${y(accuracy)}" width="${width}" height="${accuracy * high}" fill-opacity="${depth}"><title>${says}</title></rect><line class="mean" x1="${x(bin.from) + 0.5}" x2="${x(bin.to) - 0.5}" y1="${y(bin.confidence)}" y2="${y(bin.confidence)}"/>`,
    ]
  })
  const ticks = [0, 0.5, 1].map(
    (v) =>
      html`<text x="${left - 5}" y="${y(v) + 4}" text-anchor="end">${100 * v}</text><text x="${x(v)}" y="${top + high + 15}" text-anchor="middle">${100 * v}</text>`,
  )
  return html`<svg class="reliability" width="${left + wide + 16}" height="${top + high + 36}" viewBox="0 0 ${left + wide + 16} ${top + high + 36}" role="img" aria-label="Reliability diagram"><rect class="frame" x="${left}" y="${top}" width="${wide}" height="${high}"/>${bars}<line class="equal" x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}"/>${ticks}<text x="${left + wide / 2}" y="${top + high + 32}" text-anchor="middle">confidence, %</text><text x="9" y="${top + high / 2}" text-anchor="middle" transform="rotate(-90 9 ${top + high / 2})">accuracy, %</text></svg>`
}

export const nameOf = (names: readonly string[] | null, c: number): string => names?.[c] ?? `class ${c}`

const shortened = (name: string): string => (name.length > 22 ? `${name.slice(0, 21)}…` : name)
