// Bars as pictures: what each stage reaches (figure 2b), each task beside its pre-trained and its fine-tuned model, and
// rows of values with their intervals.
import type { Growth } from '../curves.ts'
import { points as gained, percent } from '../format.ts'
import type { TaskBar } from '../scores.ts'
import { marksOf, scaleBetween, stepFor } from './axis.ts'
import { iterationVariable } from './colours.ts'
import { type Box, edges, type Form, leftFor, lettersOf, verticalAxis } from './frame.ts'
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
export function growthScene(
  bars: readonly Growth[],
  y: string,
  size: { width: number; height: number },
  form: Form,
): Scene {
  const { width, height } = size
  const values = bars.map(({ value }) => value)
  const floor = floorOf(values)
  const top = values.length ? Math.max(...values) : 1
  const range = { kind: 'linear' as const, from: floor, to: top + 0.04 * (top - floor || 1) }
  const box = { left: leftFor(range, share), top: 34, right: width - 10, bottom: height - 24 }
  const scale = scaleBetween('linear', [range.from, range.to], [box.bottom, box.top])
  const each = (box.right - box.left) / Math.max(1, bars.length)
  const thick = Math.min(54, each * 0.72)
  const shapes = bars.flatMap((bar, i) => growthBar(bar, box.left + each * (i + 0.5), thick, scale.at, box, each))
  return {
    width,
    height,
    ...lettersOf(form),
    shapes: [...verticalAxis(box, scale, y, share, form), ...edges(box, form), ...shapes],
  }
}

function growthBar(
  bar: Growth,
  middle: number,
  thick: number,
  at: (value: number) => number,
  { bottom }: Box,
  each: number,
): Shape[] {
  const { value, gain, stage, accepted } = bar
  const before = gain === null ? null : Math.min(value, value - gain)
  const [top, joint] = [at(value), before === null ? bottom : Math.min(bottom, at(before))]
  const x = middle - thick / 2
  const name = stage === 0 ? 'Start' : `It. ${stage}`
  const told = gain === null ? '' : accepted ? gained(gain) : 'not taken'
  const room = (text: string) => widthOf(text) <= each
  const text = (shown: string, y: number, colour: string, bold = false): Shape[] =>
    shown && room(shown) ? [{ is: 'text', x: middle, y, text: shown, anchor: 'middle', colour, bold }] : []
  return [
    ...(before === null
      ? []
      : [
          {
            is: 'rectangle',
            x,
            y: joint,
            width: thick,
            height: bottom - joint,
            colour: 'sunken',
            edge: 'line',
          } as const,
        ]),
    {
      is: 'rectangle',
      x,
      y: Math.min(top, joint),
      width: thick,
      height: Math.max(1, Math.abs(joint - top)),
      colour: iterationVariable(stage),
    },
    ...text(percent(value), Math.min(top, joint) - (told ? 18 : 5), 'ink', true),
    ...text(told, Math.min(top, joint) - 5, 'quiet'),
    ...text(name, bottom + 15, 'quiet'),
  ]
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

/** Groups of bars with whiskers, on one scale that shows their differences. */
export function intervalScene(groups: readonly { name: string; bars: readonly Interval[] }[], width: number): Scene {
  const known = groups
    .flatMap(({ bars }) => bars.flatMap(({ value, low, high, dots = [] }) => [value, low, high, ...dots]))
    .filter((v) => v !== null)
  const floor = floorOf(known)
  const top = Math.max(floor + 0.01, ...known)
  const names = groups.flatMap(({ name, bars }) => [name, ...bars.map((bar) => bar.name)])
  const left = 14 + Math.max(40, ...names.map((name) => widthOf(shortened(name, 30))))
  const x = scaleBetween('linear', [floor, top + 0.02 * (top - floor)], [left, width - 60])
  let y = 6
  const rows = groups.flatMap(({ name, bars }): Shape[] => {
    const titled = bars.length > 1 || bars[0]?.name !== name
    const title: Shape[] = titled
      ? [{ is: 'text', x: 4, y: y + 11, text: shortened(name, 30), bold: true, colour: 'ink' }]
      : []
    if (titled) y += 18
    const own = bars.flatMap((bar) => {
      const drawn = intervalRow(bar, y, left, width, x.at)
      y += 20
      return drawn
    })
    y += 6
    return [...title, ...own]
  })
  const marks = marksOf(x, Math.max(2, Math.floor((width - 60 - left) / 80)))
  const axis = marks.flatMap((mark): Shape[] => [
    {
      is: 'line',
      points: [
        { x: x.at(mark), y: 2 },
        { x: x.at(mark), y },
      ],
      width: 1,
      colour: 'line',
    },
    {
      is: 'text',
      x: x.at(mark),
      y: y + 14,
      text: share(mark, marks.length > 1 && (marks[1] ?? 1) - (marks[0] ?? 0) < 0.0099 ? 1 : 0),
      anchor: 'middle',
      colour: 'quiet',
    },
  ])
  return { width, height: y + 20, shapes: [...axis, ...rows] }
}

function intervalRow(
  { name, place, value, low, high, dots = [] }: Interval,
  y: number,
  left: number,
  width: number,
  at: (v: number) => number,
): Shape[] {
  const whisker = (from: number, to: number): Shape[] => [
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
      (end): Shape => ({
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
    { is: 'text', x: left - 8, y: y + 12, text: shortened(name, 30), anchor: 'end', colour: 'ink' },
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
          } as const,
        ]),
    ...(low === null || high === null || low === high ? [] : whisker(low, high)),
    ...dots.map((dot): Shape => ({ is: 'dot', x: at(dot), y: y + 8, radius: 2.5, colour: 'ink' })),
    { is: 'text', x: width - 6, y: y + 12, text: percent(value), anchor: 'end', colour: 'ink' },
  ]
}
