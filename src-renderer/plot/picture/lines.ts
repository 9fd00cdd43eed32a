// Lines over steps as a picture: each in the colour of its stage, one stage after another or (overlaid) all from the
// beginning; smoothed with the raw line faint behind; on linear or logarithmic axes. Values that a logarithmic axis
// cannot show are left out and counted. What is no number is a cross at the edge, and never joined; a point that stands
// alone is a dot. More points than the columns of pixels show are thinned to each column's first, lowest, highest and
// last.
import type { StageLine } from '../curves.ts'
import { decimate, type Point } from '../decimate.ts'
import { smooth } from '../smooth.ts'
import { type AxisText, type Kind, type Scale, scaleBetween, withRoom } from './axis.ts'
import { iterationDash, iterationVariable } from './colours.ts'
import { type Box, type Form, leftFor, lettersOf, level, upright } from './frame.ts'
import { type Beside, type Mark, type Plot, sceneOf } from './plot.ts'
import { type Scene, shortened, widthOf } from './shapes.ts'

/** How a person looks at lines. */
export interface LineLook {
  smoothing: number // weight of the average, in [0, 1); 0: none
  logX: boolean
  logY: boolean
}

export interface LineSpec {
  lines: readonly StageLine[]
  x: string
  y: string
  xText?: AxisText
  yText: AxisText
  look: LineLook
  overlaid?: boolean
  dots?: boolean
  limits?: readonly StageLine[] // dotted, in the colour of what they limit
  marked?: StageLine | undefined // crosses
  ringed?: StageLine | undefined // rings
  zoom?: readonly [number, number] | null
  pins?: readonly number[]
  form?: Form
  width: number
  height: number
}

export interface LinePicture {
  plot: Plot
  readonly scene: Scene // made when it is asked for: a window draws the plot
  box: Box
  x: Scale
  y: Scale
  leftOut: number // values that a logarithmic axis cannot show
}

export function linePicture(spec: LineSpec): LinePicture {
  const { look, zoom = null, form = 'screen', width, height, limits = [], marked, overlaid = false } = spec
  const [kindX, kindY]: Kind[] = [look.logX ? 'log' : 'linear', look.logY ? 'log' : 'linear']
  const fits = ({ x, y }: Point) => !(look.logX && x <= 0) && !(look.logY && Number.isFinite(y) && y <= 0)
  const full = spec.lines.filter(({ points }) => points.length > 0)
  const lines = full.map((line) => ({ ...line, points: line.points.filter(fits) }))
  const [first, last] =
    zoom ??
    extent(
      lines.flatMap(({ points }) => ends(points)),
      kindX,
    )
  const inside = ({ x }: Point) => x >= first && x <= last
  const beside = [...limits, ...(marked ? [marked] : [])]
  const heights = [...lines, ...beside].flatMap(({ points }) =>
    points.filter((p) => inside(p) && fits(p) && Number.isFinite(p.y)).map(({ y }) => y),
  )
  const range = { kind: kindY ?? 'linear', ...fromTo(withRoom(lowHigh(heights, look.logY ? [1, 10] : [0, 1]), kindY)) }
  const box = { left: leftFor(range, spec.yText), top: 18, right: width - 12, bottom: height - 38 }
  const x = scaleBetween(kindX ?? 'linear', first < last ? [first, last] : alone(first, look.logX), [
    box.left,
    box.right,
  ])
  const y = scaleBetween(range.kind, [range.from, range.to], [box.bottom, box.top])
  const whole = full.every(({ points }) => points.every((p) => Number.isInteger(p.x)))
  const marks: Mark[] = [
    ...pinned(spec.pins ?? [], x, box),
    ...limits.flatMap((limit) =>
      partsOf(toPixels(limit.points, x, y), box).map(
        (points): Mark => ({ is: 'line', points, width: 1.5, dash: [2, 4], colour: iterationVariable(limit.stage) }),
      ),
    ),
    ...lines.flatMap((line) => drawnLine(line, x, y, box, spec)),
    ...(marked?.points ?? [])
      .filter(inside)
      .map((p): Mark => ({ is: 'cross', x: x.at(p.x), y: y.at(p.y), reach: 5, colour: 'bad' })),
    ...(spec.ringed?.points ?? []).filter(inside).flatMap((p): Mark[] => {
      const place = { is: 'dot', x: x.at(p.x), y: y.at(p.y) } as const
      return [
        { ...place, radius: 6, colour: 'good' },
        { ...place, radius: 3.5, colour: 'panel' },
      ]
    }),
  ]
  const plot: Plot = {
    ...{ width, height, ...lettersOf(form), form, box, marks },
    x: level(box, x, spec.x, spec.xText ?? plain, whole),
    y: upright(box, y, spec.y, spec.yText),
    under: overlaid || form === 'paper' ? [] : stageMarks(lines, x, box),
    over: form === 'paper' ? legend(lines, box) : [],
  }
  const total = full.reduce((sum, { points }) => sum + points.length, 0)
  const shown = lines.reduce((sum, { points }) => sum + points.length, 0)
  return {
    ...{ plot, box, x, y, leftOut: total - shown },
    get scene() {
      return sceneOf(overlaid && lines.length > 1 ? { ...plot, over: legend(lines, box) } : plot) // a file has no key beside it
    },
  }
}

const plain: AxisText = (value) => String(Number(value.toPrecision(6)))
const fromTo = ([from, to]: readonly [number, number]) => ({ from, to })
const alone = (value: number, log: boolean): [number, number] =>
  log ? [value / 2, value * 2] : [value - 0.5, value + 0.5]
const ends = (points: readonly Point[]) => [points[0], points.at(-1)].flatMap((p) => (p ? [p.x] : []))
const extent = (values: readonly number[], kind: Kind = 'linear') => lowHigh(values, kind === 'log' ? [1, 10] : [0, 1])

function lowHigh(values: readonly number[], none: [number, number]): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) {
    if (value < low) low = value
    if (value > high) high = value
  }
  return low <= high ? [low, high] : none
}

/** What is not finite keeps its place and is no number. */
function toPixels(points: readonly Point[], x: Scale, y: Scale): Point[] {
  return points.map((p) => ({ x: x.at(p.x), y: Number.isFinite(p.y) ? y.at(p.y) : Number.NaN }))
}

/** Unbroken parts of a line within the box; where it leaves, it ends on the edge. */
export function partsOf(points: readonly Point[], { left, right }: Pick<Box, 'left' | 'right'>): Point[][] {
  const parts: Point[][] = []
  let part: Point[] = []
  const end = () => {
    if (part.length > 0) parts.push(part)
    part = []
  }
  const inside = ({ x }: Point) => x >= left - 0.01 && x <= right + 0.01
  let before: Point | null = null
  for (const point of points) {
    if (!Number.isFinite(point.y)) end()
    else {
      if (before && Number.isFinite(before.y) && inside(before) !== inside(point))
        part.push(between(before, point, before.x < left === point.x < left ? right : left))
      if (inside(point)) part.push(point)
      else end()
    }
    before = point
  }
  end()
  return parts
}

function between(a: Point, b: Point, x: number): Point {
  return { x, y: a.y + ((x - a.x) / (b.x - a.x || 1)) * (b.y - a.y) }
}

function drawnLine(line: StageLine, x: Scale, y: Scale, box: Box, { look, dots = false, form }: LineSpec): Mark[] {
  const [colour, dash] = [iterationVariable(line.stage), iterationDash(line.stage)]
  const raw = toPixels(line.points, x, y)
  const width = (line.points.length > 300 ? 1.1 : 1.8) * (form === 'paper' ? 0.9 : 1)
  const thinned = (points: readonly Point[]) => {
    const [from = 0, to = 0] = ends(points)
    return partsOf(decimate(points, Math.max(1, Math.ceil(to - from))), box)
  }
  const stroke = (points: readonly Point[], wide: number, opacity?: number): Mark[] =>
    points.length === 1 && points[0]
      ? [{ is: 'dot', x: points[0].x, y: points[0].y, radius: 2.6, colour, ...(opacity && { opacity }) }]
      : [{ is: 'line', points, width: wide, dash, colour, ...(opacity && { opacity }) }]
  const smoothed = look.smoothing > 0 && line.points.length > 2
  const middle = smoothed ? toPixels(smooth(line.points, look.smoothing), x, y) : raw
  const few = dots && line.points.length < 60
  return [
    ...(smoothed ? thinned(raw).flatMap((part) => stroke(part, 1, 0.3)) : []),
    ...thinned(middle).flatMap((part) => stroke(part, width)),
    ...(few
      ? partsOf(raw, box)
          .flat()
          .map((p): Mark => ({ is: 'dot', ...p, radius: 2.2, colour }))
      : []),
    ...line.points.flatMap(({ x: place, y: value }): Mark[] => {
      const at = x.at(place)
      if (Number.isFinite(value) || at < box.left || at > box.right) return []
      return [
        {
          is: 'cross',
          x: at,
          y: value === Number.NEGATIVE_INFINITY ? box.bottom - 5 : box.top + 5,
          reach: 3,
          colour: 'bad',
        },
      ]
    }),
  ]
}

/** Thin lines with a name where each stage begins, so that a stage is told by more than its colour. */
function stageMarks(lines: readonly StageLine[], x: Scale, { left, right, top, bottom }: Box): Beside[] {
  let free = Number.NEGATIVE_INFINITY
  return lines.flatMap(({ stage, name, points: [first] }): Beside[] => {
    const at = first ? x.at(first.x) : Number.NaN
    if (!(at >= left - 0.5 && at <= right)) return []
    const line: Beside = {
      is: 'line',
      points: [
        { x: at, y: top - 12 },
        { x: at, y: bottom },
      ],
      width: 1,
      colour: 'line',
    }
    if (at < free) return [line]
    free = at + widthOf(name) + 10
    return [line, { is: 'text', x: at + 4, y: top - 5, text: name, colour: iterationVariable(stage) }]
  })
}

function pinned(pins: readonly number[], x: Scale, { left, right, top, bottom }: Box): Mark[] {
  return pins.flatMap((pin): Mark[] => {
    const at = x.at(pin)
    if (!(at >= left && at <= right)) return []
    return [
      {
        is: 'line',
        points: [
          { x: at, y: top },
          { x: at, y: bottom },
        ],
        width: 1,
        dash: [3, 3],
        colour: 'ink',
      },
      { is: 'dot', x: at, y: top, radius: 3, colour: 'ink' },
    ]
  })
}

/** In the lower right corner, where a curve that climbs leaves room. */
function legend(lines: readonly StageLine[], { right, bottom }: Box): Beside[] {
  const shown = [...new Map(lines.map((line) => [`${line.stage} ${line.name}`, line])).values()].slice(0, 12)
  return shown.flatMap(({ stage, name }, i): Beside[] => {
    const y = bottom - 12 - (shown.length - 1 - i) * 14
    const end = right - 10
    return [
      {
        is: 'line',
        points: [
          { x: end - 22, y },
          { x: end, y },
        ],
        width: 1.8,
        dash: iterationDash(stage),
        colour: iterationVariable(stage),
      },
      { is: 'text', x: end - 28, y: y + 4, text: shortened(name, 34), anchor: 'end', colour: 'ink' },
    ]
  })
}

export interface Reading {
  stage: number
  name: string
  x: number
  y: number
}

/** Of each line that goes through a place its point nearest to it; nearest to a height first, if one is given. */
export function readings(lines: readonly StageLine[], place: number, height: number | null = null): Reading[] {
  const found = lines.flatMap(({ stage, name, points }): Reading[] => {
    const [first, last] = [points[0], points.at(-1)]
    const nearest = first && last && place >= first.x && place <= last.x ? nearestTo(points, place) : null
    return nearest ? [{ stage, name, ...nearest }] : []
  })
  return height === null ? found : found.sort((a, b) => Math.abs(a.y - height) - Math.abs(b.y - height))
}

/** By halving: points ascend in x. */
export function nearestTo(points: readonly Point[], x: number): Point | null {
  let [low, high] = [0, points.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((points[middle]?.x ?? 0) < x) low = middle + 1
    else high = middle
  }
  const [here, before] = [points[low], points[low - 1]]
  return here && before && Math.abs(before.x - x) <= Math.abs(here.x - x) ? before : (here ?? null)
}
