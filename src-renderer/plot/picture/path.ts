// The way of a run's coefficients as a picture: a line a stage in its colour, each beginning where the one before it
// ended, from a ring to a dot. One scale for both directions, so that lengths can be compared; the axes say how much of
// the way each direction explains.
import type { RunPath } from '../../../src-main/contract/run/path.ts'
import { percent } from '../format.ts'
import { pathLines } from '../live/path.ts'
import { type AxisText, type Scale, scaleBetween } from './axis.ts'
import { iterationDash, iterationVariable } from './colours.ts'
import { type Box, type Form, lettersOf, level, upright } from './frame.ts'
import { type Beside, type Mark, type Plot, sceneOf } from './plot.ts'
import { type Scene, widthOf } from './shapes.ts'

const text: AxisText = (value) => String(Number(value.toPrecision(3)))
const fewPoints = 60 // of a stage, each of which is a dot

export function pathPlot(path: RunPath, { width, height }: Pick<Scene, 'width' | 'height'>, form: Form): Plot {
  const box = { left: 66, top: 18, right: width - 12, bottom: height - 38 }
  const [x, y] = evenly(path.points, box)
  const [across, up] = path.shares.map((share) => percent(share, 0))
  const lines = pathLines(path).map((line) => ({
    ...line,
    points: line.points.map((point) => ({ x: x.at(point.x), y: y.at(point.y) })),
  }))
  const marks = lines.flatMap(({ stage, points }): Mark[] => {
    const colour = iterationVariable(stage)
    const own = points.length < fewPoints ? points.slice(stage === 0 ? 0 : 1) : []
    return [
      { is: 'line', points, width: 1.6, dash: iterationDash(stage), colour },
      ...own.map((point): Mark => ({ is: 'dot', ...point, radius: 1.8, colour })),
    ]
  })
  const [begin, end] = [lines[0]?.points[0], lines.at(-1)?.points.at(-1)]
  const ends: Mark[] = [
    ...(begin ? [dot(begin, 5, 'ink'), dot(begin, 3.5, 'panel')] : []),
    ...(end ? [dot(end, 4, 'ink')] : []),
  ]
  return {
    ...{ width, height, ...lettersOf(form), form, box, marks: [...marks, ...ends] },
    x: level(box, x, `first direction, ${across} of the way`, text, false),
    y: upright(box, y, `second, ${up}`, text),
    under: [],
    over: key(lines, box),
  }
}

export const pathScene = (path: RunPath, size: Pick<Scene, 'width' | 'height'>, form: Form): Scene =>
  sceneOf(pathPlot(path, size, form))

const dot = (at: { x: number; y: number }, radius: number, colour: string): Mark => ({
  is: 'dot',
  ...at,
  radius,
  colour,
})

/** Both axes with as many pixels for a unit, and all points between them. */
function evenly(points: RunPath['points'], { left, top, right, bottom }: Box): [Scale, Scale] {
  const span = (values: readonly number[]): [number, number] =>
    values.length > 0 ? [Math.min(...values), Math.max(...values)] : [0, 0]
  const [low, high] = span(points.map(({ x }) => x))
  const [below, above] = span(points.map(({ y }) => y))
  const [wide, tall] = [right - left, bottom - top]
  const room = 16 // pixels
  const unit = Math.max((high - low) / (wide - room), (above - below) / (tall - room)) || 1 / wide
  const about = (middle: number, pixels: number): [number, number] => [
    middle - (unit * pixels) / 2,
    middle + (unit * pixels) / 2,
  ]
  return [
    scaleBetween('linear', about((low + high) / 2, wide), [left, right]),
    scaleBetween('linear', about((below + above) / 2, tall), [bottom, top]),
  ]
}

/** Above the box: as many stages as there is room for, and what the ring and the dot are. */
function key(lines: readonly { stage: number; name: string }[], { left, right, top }: Box): Beside[] {
  const ends = '○ begin  ● now'
  const over: Beside[] = [{ is: 'text', x: right, y: top - 6, text: ends, anchor: 'end', colour: 'quiet' }]
  let x = left
  for (const { stage, name } of lines) {
    const next = x + widthOf(name) + 10
    if (next > right - widthOf(ends)) break
    over.push({ is: 'text', x, y: top - 6, text: name, colour: iterationVariable(stage) })
    x = next
  }
  return over
}
