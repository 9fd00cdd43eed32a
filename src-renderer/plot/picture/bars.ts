// Bars as pictures: what each stage reaches (figure 2b), each task beside its pre-trained and its fine-tuned model, and
// rows of values with their intervals. The first and the last have axes: a plot each, drawn by Chart.js in the window.
import type { Growth } from '../curves.ts'
import { points as gained, percent } from '../format.ts'
import type { TaskBar } from '../scores.ts'
import { marksOf, scaleBetween, stepFor } from './axis.ts'
import { iterationVariable } from './colours.ts'
import { bare, type Form, leftFor, lettersOf, upright } from './frame.ts'
import { type Beside, type Mark, type Plot, sceneOf } from './plot.ts'
import { type Scene, type Shape, shortened, widthOf } from './shapes.ts'

const share = (value: number, digits = 0): string => percent(value, digits)

/** A round value somewhat below all, or 0: bars need not begin at 0, and their axis says where they do. */
export function floorOf(values: readonly number[]): number {
  if (values.length === 0) return 0
  const low = Math.min(...values)
  const room = Math.max(0.02, Math.max(...values) - low)
  const step = stepFor(room / 2)
  return Math.max(0, Number((Math.floor((low - room) / step) * step).toPrecision(12)))
}

/** What each stage's chosen state reaches, and in colour what it adds to the stage before; the first mark is the floor. */
export function growthPlot(bars: readonly Growth[], y: string, { width, height }: Size, form: Form): Plot {
  const values = bars.map(({ value }) => value)
  const floor = floorOf(values)
  const top = values.length ? Math.max(...values) : 1
  const range = { kind: 'linear' as const, from: floor, to: top + 0.04 * (top - floor || 1) }
  const box = { left: leftFor(range, share), top: 34, right: width - 10, bottom: height - 24 }
  const scale = scaleBetween('linear', [range.from, range.to], [box.bottom, box.top])
  const each = (box.right - box.left) / Math.max(1, bars.length)
  const thick = Math.min(54, each * 0.72)
  const drawn = bars.map((bar, i) =>
    growthBar(bar, { middle: box.left + each * (i + 0.5), thick, each, bottom: box.bottom, at: scale.at }),
  )
  return {
    ...{ width, height, ...lettersOf(form), form, box },
    x: bare(scaleBetween('linear', [0, Math.max(1, bars.length)], [box.left, box.right])),
    y: upright(box, scale, y, share),
    under: [],
    marks: drawn.flatMap(({ marks }) => marks),
    over: drawn.flatMap(({ over }) => over),
  }
}

interface Size {
  width: number
  height: number
}

export const growthScene = (bars: readonly Growth[], y: string, size: Size, form: Form): Scene =>
  sceneOf(growthPlot(bars, y, size, form))

interface Place {
  middle: number
  thick: number // the bar's own width
  each: number // what a bar and the room beside it take
  bottom: number
  at: (value: number) => number
}

function growthBar(
  { value, gain, stage, accepted }: Growth,
  { middle, thick, each, bottom, at }: Place,
): { marks: Mark[]; over: Beside[] } {
  const before = gain === null ? null : Math.min(value, value - gain)
  const [top, joint] = [at(value), before === null ? bottom : Math.min(bottom, at(before))]
  const x = middle - thick / 2
  const name = stage === 0 ? 'Start' : `It. ${stage}`
  const told = gain === null ? '' : accepted ? gained(gain) : 'not taken'
  const room = (text: string) => widthOf(text) <= each
  const text = (shown: string, y: number, colour: string, bold = false): Beside[] =>
    shown && room(shown) ? [{ is: 'text', x: middle, y, text: shown, anchor: 'middle', colour, bold }] : []
  const bar = { is: 'rectangle', x, width: thick } as const
  const [high, tall] = [Math.min(top, joint), Math.max(1, Math.abs(joint - top))]
  return {
    marks: [
      ...(before === null
        ? []
        : [{ ...bar, y: joint, height: bottom - joint, colour: 'sunken', edge: 'line' } satisfies Mark]),
      { ...bar, y: high, height: tall, colour: iterationVariable(stage) },
    ],
    over: [
      ...text(percent(value), high - (told ? 18 : 5), 'ink', true),
      ...text(told, high - 5, 'quiet'),
      ...text(name, bottom + 15, 'quiet'),
    ],
  }
}

const row = 24

/** A row a task: the tick is the pre-trained model, the fill is now, the mark at the end is the fine-tuned model. */
export function taskScene(bars: readonly TaskBar[], width: number): Scene {
  const full = Math.max(1, ...bars.flatMap((b) => [b.pretrained ?? 0, b.now ?? 0, b.finetuned ?? 0]))
  const left = 10 + Math.max(40, ...bars.map(({ task }) => widthOf(shortened(task, 24))))
  const right = width - 60
  const at = (value: number) => left + (Math.max(0, value) / full) * (right - left)
  const shapes = bars.flatMap(({ task, pretrained, now, finetuned }, i): Shape[] => {
    const y = 8 + i * row
    const tick = (value: number | null, colour: string): Shape[] =>
      value === null ? [] : [{ is: 'rectangle', x: at(value) - 1.5, y: y - 3, width: 3, height: 22, colour }]
    return [
      { is: 'text', x: left - 8, y: y + 12, text: shortened(task, 24), anchor: 'end', colour: 'ink' },
      { is: 'rectangle', x: left, y, width: right - left, height: 16, colour: 'sunken' },
      { is: 'rectangle', x: left, y, width: at(now ?? 0) - left, height: 16, colour: 'leaf' },
      ...tick(pretrained, 'iteration-2'),
      ...tick(finetuned, 'ink'),
      { is: 'text', x: width - 6, y: y + 12, text: percent(now), anchor: 'end', colour: 'ink' },
    ]
  })
  const height = 30 + bars.length * row
  return {
    width,
    height,
    shapes: [
      ...shapes,
      ...key(
        [
          ['now', 'leaf'],
          ['pre-trained', 'iteration-2'],
          ['fine-tuned', 'ink'],
        ],
        left,
        height - 8,
      ),
    ],
  }
}

function key(entries: readonly [string, string][], left: number, y: number): Shape[] {
  let x = left
  return entries.flatMap(([text, colour]): Shape[] => {
    const at = x
    x += widthOf(text) + 30
    return [
      { is: 'rectangle', x: at, y: y - 8, width: 10, height: 10, colour },
      { is: 'text', x: at + 14, y, text, colour: 'quiet' },
    ]
  })
}

export interface Interval {
  name: string
  place: number // its colour, from 1 on; 0 is grey
  value: number | null
  low: number | null
  high: number | null
  dots?: readonly number[]
}

export interface IntervalGroup {
  name: string
  bars: readonly Interval[]
}

/** Groups of bars with whiskers, on one scale that shows their differences. */
export function intervalPlot(groups: readonly IntervalGroup[], width: number): Plot {
  const known = groups
    .flatMap(({ bars }) => bars.flatMap(({ value, low, high, dots = [] }) => [value, low, high, ...dots]))
    .filter((v) => v !== null)
  const floor = floorOf(known)
  const top = Math.max(floor + 0.01, ...known)
  const names = groups.flatMap(({ name, bars }) => [name, ...bars.map((bar) => bar.name)])
  const left = 14 + Math.max(40, ...names.map((name) => widthOf(shortened(name, 30))))
  const x = scaleBetween('linear', [floor, top + 0.02 * (top - floor)], [left, width - 60])
  let y = 6
  const marks: Mark[] = []
  const over: Beside[] = []
  for (const { name, bars } of groups) {
    if (bars.length > 1 || bars[0]?.name !== name) {
      over.push({ is: 'text', x: 4, y: y + 11, text: shortened(name, 30), bold: true, colour: 'ink' })
      y += 18
    }
    for (const bar of bars) {
      marks.push(...intervalMarks(bar, y, left, x.at))
      over.push(
        { is: 'text', x: left - 8, y: y + 12, text: shortened(bar.name, 30), anchor: 'end', colour: 'ink' },
        { is: 'text', x: width - 6, y: y + 12, text: percent(bar.value), anchor: 'end', colour: 'ink' },
      )
      y += 20
    }
    y += 6
  }
  const values = marksOf(x, Math.max(2, Math.floor((width - 60 - left) / 80)))
  const digits = values.length > 1 && (values[1] ?? 1) - (values[0] ?? 0) < 0.0099 ? 1 : 0
  const box = { left, top: 2, right: width - 60, bottom: y }
  return {
    ...{ width, height: y + 20, form: 'screen', barsLie: true, box, under: [], marks, over },
    x: { scale: x, title: '', marks: values.map((value) => ({ value, text: share(value, digits) })), look: 'grid' },
    y: bare(scaleBetween('linear', [0, box.bottom - box.top], [box.bottom, box.top])), // pixels above the foot
  }
}

export const intervalScene = (groups: readonly IntervalGroup[], width: number): Scene =>
  sceneOf(intervalPlot(groups, width))

function intervalMarks(
  { place, value, low, high, dots = [] }: Interval,
  y: number,
  left: number,
  at: (v: number) => number,
): Mark[] {
  const whisker = (from: number, to: number): Mark[] => [
    {
      is: 'line',
      points: [
        { x: at(from), y: y + 8 },
        { x: at(to), y: y + 8 },
      ],
      width: 1.5,
      colour: 'ink',
    },
    ...[from, to].map(
      (end): Mark => ({
        is: 'line',
        points: [
          { x: at(end), y: y + 4 },
          { x: at(end), y: y + 12 },
        ],
        width: 1.5,
        colour: 'ink',
      }),
    ),
  ]
  return [
    ...(value === null
      ? []
      : [
          {
            is: 'rectangle',
            x: left,
            y: y + 1,
            width: Math.max(1, at(value) - left),
            height: 14,
            colour: iterationVariable(place),
            opacity: 0.75,
          } satisfies Mark,
        ]),
    ...(low === null || high === null || low === high ? [] : whisker(low, high)),
    ...dots.map((dot): Mark => ({ is: 'dot', x: at(dot), y: y + 8, radius: 2.5, colour: 'ink' })),
  ]
}
