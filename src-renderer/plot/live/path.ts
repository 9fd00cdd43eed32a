// The path of a run's coefficients as lines of a drawing: one a stage, each beginning where the one before it ended,
// with one scale for both directions, so that lengths can be compared.
import type { RunPath } from '../../../src-main/contract/run/path.ts'
import type { Point } from '../decimate.ts'
import { percent } from '../format.ts'
import { stageName } from '../scores.ts'

export interface PathLine {
  stage: number
  name: string
  points: Point[] // pixels
}

export function pathLines({ points }: RunPath, width: number, height: number, margin = 14): PathLine[] {
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)]
  const [left, low] = [Math.min(...xs), Math.min(...ys)]
  const [across, up] = [Math.max(...xs) - left, Math.max(...ys) - low]
  const scale = Math.min((width - 2 * margin) / (across || 1), (height - 2 * margin) / (up || 1))
  const place = ({ x, y }: Point): Point => ({
    x: (width - across * scale) / 2 + (x - left) * scale,
    y: (height + up * scale) / 2 - (y - low) * scale,
  })
  return [...Map.groupBy(points, ({ stage }) => stage)].map(([stage, own]) => {
    const before = points[points.findIndex((point) => point.stage === stage) - 1]
    return { stage, name: stageName(stage), points: [...(before ? [before] : []), ...own].map(place) }
  })
}

export function pathSentence({ points, shares }: RunPath): string {
  const [first, last] = [points[0], points.at(-1)]
  if (!first || !last || points.length < 2) return 'The coefficients have not moved yet.'
  const moved = Math.hypot(last.x - first.x, last.y - first.y)
  const share = percent(shares[0] + shares[1])
  return `In ${points.length} looks the coefficients moved by ${moved.toPrecision(3)}; two directions explain ${share} of their way.`
}
