// Coefficients with their intervals, a row each on one scale through 0: the dot is the mean of one that is there, the
// whisker its interval at 95 %, and faint is what the model leaves out. At the right how sure it is to be there.
import { coefficient, percent } from '../format.ts'
import { marksOf, scaleBetween } from './axis.ts'
import { iterationVariable } from './colours.ts'
import { bare } from './frame.ts'
import { type Beside, type Mark, type Plot, sceneOf } from './plot.ts'
import { type Scene, shortened, widthOf } from './shapes.ts'

export interface Whisker {
  name: string
  place: number // its colour, from 1 on
  mean: number
  low: number
  high: number
  inclusion: number
  isKept: boolean
}

const row = 18
const mostLetters = 44

export function whiskerPlot(whiskers: readonly Whisker[], width: number): Plot {
  const ends = whiskers.flatMap(({ low, high }) => [low, high]).filter(Number.isFinite)
  const [least, most] = [Math.min(0, ...ends), Math.max(0, ...ends)]
  const room = 0.03 * (most - least || 1)
  const left = Math.min(
    width / 2,
    14 + Math.max(40, ...whiskers.map(({ name }) => widthOf(shortened(name, mostLetters)))),
  )
  const box = { left, top: 2, right: width - 60, bottom: 8 + whiskers.length * row }
  const x = scaleBetween('linear', [least - room, most + room], [box.left, box.right])
  const marks: Mark[] = []
  const over: Beside[] = []
  for (const [i, one] of whiskers.entries()) {
    const y = 14 + i * row
    marks.push(...marksAt(one, y, x.at))
    over.push(
      {
        is: 'text',
        x: left - 8,
        y: y + 4,
        text: shortened(one.name, mostLetters),
        anchor: 'end',
        colour: one.isKept ? 'ink' : 'quiet',
      },
      {
        is: 'text',
        x: width - 6,
        y: y + 4,
        text: percent(one.inclusion, 0),
        anchor: 'end',
        colour: one.isKept ? 'ink' : 'quiet',
      },
    )
  }
  const values = marksOf(x, Math.max(2, Math.floor((box.right - left) / 80)))
  return {
    ...{ width, height: box.bottom + 20, form: 'screen', box, under: [], marks, over },
    x: { scale: x, title: '', marks: values.map((value) => ({ value, text: short(value) })), look: 'grid' },
    y: bare(scaleBetween('linear', [0, box.bottom - box.top], [box.bottom, box.top])),
  }
}

export const whiskerScene = (whiskers: readonly Whisker[], width: number): Scene =>
  sceneOf(whiskerPlot(whiskers, width))

/** "−0.25", as short as it goes. */
const short = (value: number): string => (value === 0 ? '0' : coefficient(value).replace(/\.?0+$/, ''))

function marksAt({ place, mean, low, high, isKept }: Whisker, y: number, at: (value: number) => number): Mark[] {
  const opacity = isKept ? 1 : 0.35
  const line = (from: { x: number; y: number }, to: { x: number; y: number }): Mark => ({
    ...{ is: 'line', points: [from, to], width: 1.5, colour: 'ink', opacity },
  })
  return [
    line({ x: at(low), y }, { x: at(high), y }),
    ...[low, high].map((end) => line({ x: at(end), y: y - 4 }, { x: at(end), y: y + 4 })),
    { is: 'dot', x: at(mean), y, radius: 3.5, colour: iterationVariable(place), opacity },
  ]
}
