// The path of a run's coefficients: a line a stage, each beginning where the one before it ended, and what is said of
// it.
import type { RunPath } from '../../../src-main/contract/run/path.ts'
import type { Point } from '../decimate.ts'
import { percent } from '../format.ts'
import { stageName } from '../scores.ts'

interface PathLine {
  stage: number
  name: string
  points: Point[]
}

export function pathLines({ points }: RunPath): PathLine[] {
  return [...Map.groupBy(points, ({ stage }) => stage)].map(([stage, own]) => {
    const before = points[points.findIndex((point) => point.stage === stage) - 1]
    return {
      stage,
      name: stageName(stage),
      points: [...(before ? [before] : []), ...own].map(({ x, y }) => ({ x, y })),
    }
  })
}

export function pathSentence({ points, shares }: RunPath): string {
  const [first, last] = [points[0], points.at(-1)]
  if (!first || !last || points.length < 2) return 'The coefficients have not moved yet.'
  const moved = Math.hypot(last.x - first.x, last.y - first.y)
  const share = percent(shares[0] + shares[1])
  return `In ${points.length} looks the coefficients moved by ${moved.toPrecision(3)}; two directions explain ${share} of their way.`
}

/** What its frame says of it. */
export function pathChart(path: RunPath) {
  return {
    title: 'Path of the coefficients',
    sentence: pathSentence(path),
    columns: ['Stage', 'Epoch', 'First direction', 'Second direction'],
    rows: () => path.points.map((p) => [stageName(p.stage), p.epoch, seven(p.x), seven(p.y)]),
  }
}

const seven = (value: number): number => Number(value.toPrecision(7))
