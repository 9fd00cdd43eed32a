// A map of numbers as a picture, and how it is laid out: one scale for all rows or one a row, columns named by the
// layers of a model they belong to, or (square) by a name each.
import { type Colour, diverging, type HeatRow, reach } from '../heat.ts'
import { type Scene, type Shape, shortened, widthOf } from './shapes.ts'

export interface Layer {
  name: string // "0" of a layer, "text 0" of a text tower's, "" outside layers
  from: number // first column
  to: number // one behind its last
}

const layerName = /(?:^|\.)(?:resblocks|layers|blocks|layer)[._ ]?(\d{1,3})(?:\.|$)/

/** Neighbouring blocks of one layer; none where no block says its layer. */
export function layersOf(blocks: readonly string[]): Layer[] {
  const named = blocks.map((block) => {
    const number = layerName.exec(block)?.[1]
    return number === undefined
      ? ''
      : block.startsWith('visual.') || !blocks.some((b) => b.startsWith('visual.'))
        ? number
        : `text ${number}`
  })
  if (named.every((name) => name === '')) return []
  const layers: Layer[] = []
  named.forEach((name, column) => {
    const last = layers.at(-1)
    if (last?.name === name) last.to = column + 1
    else layers.push({ name, from: column, to: column + 1 })
  })
  return layers
}

/** Each row's largest size, or that of all: what the ends of the colours stand for. */
export function limitsOf(rows: readonly HeatRow[], own: boolean): number[] {
  const all = reach(rows) || 1
  return rows.map((row) => (own ? reach([row]) || 1 : all))
}

/** Whether one row's values would hide those of another on one scale. */
export function isUneven(rows: readonly HeatRow[]): boolean {
  const limits = rows.map((row) => reach([row])).filter((limit) => limit > 0)
  return limits.length > 1 && Math.max(...limits) > 3 * Math.min(...limits)
}

interface MapSpec {
  rows: readonly HeatRow[]
  blocks: readonly string[]
  own: boolean
  square?: boolean
  text: (value: number) => string
  rowsAre?: string
  columnsAre: string
  ramp: { low: Colour; zero: Colour; high: Colour }
  width: number
}

const side = 20

export function mapScene({
  rows,
  blocks,
  own,
  square = false,
  text,
  rowsAre = '',
  columnsAre,
  ramp,
  width,
}: MapSpec): Scene {
  const limits = limitsOf(rows, own)
  const left = 26 + Math.max(30, ...rows.map(({ name }) => widthOf(shortened(name, 26))))
  const columns = Math.max(1, ...rows.map(({ values }) => values.length))
  const right = square ? left + columns * side : width - (own ? 74 : 12)
  const top = 6
  const bottom = top + rows.length * side
  const cells = rows.flatMap(({ name, values, cells: names }, r): Shape[] => [
    { is: 'text', x: left - 8, y: top + r * side + 14, text: shortened(name, 26), anchor: 'end', colour: 'ink' },
    ...values.flatMap((value, c): Shape[] => {
      if (value === null) return []
      const [x, end] = [c, c + 1].map((at) => left + (at / values.length) * (right - left))
      const colour = Number.isFinite(value)
        ? `rgb(${diverging(value / (limits[r] ?? 1), ramp.low, ramp.zero, ramp.high).join(', ')})`
        : 'bad'
      return [
        {
          is: 'rectangle',
          x: x ?? 0,
          y: top + r * side,
          width: (end ?? 0) - (x ?? 0),
          height: side - 1.5,
          colour,
          says: `${text(value)}, ${names?.[c] ?? blocks[c] ?? c + 1}, ${name}`,
        },
      ]
    }),
    ...(own
      ? [
          {
            is: 'text',
            x: width - 6,
            y: top + r * side + 14,
            text: `±${text(limits[r] ?? 1).replace(/^[+−]/, '')}`,
            anchor: 'end',
            colour: 'quiet',
          } as const,
        ]
      : []),
  ])
  const at = (column: number) => left + (column / columns) * (right - left)
  const below = square
    ? blocks.map(
        (block, c): Shape => ({
          is: 'text',
          x: at(c + 0.5) + 4,
          y: bottom + 6,
          text: shortened(block, 20),
          anchor: 'end',
          turned: true,
          colour: 'ink',
        }),
      )
    : layersOf(blocks).flatMap(({ name, from, to }): Shape[] => [
        {
          is: 'line',
          points: [
            { x: at(from), y: top },
            { x: at(from), y: bottom + 4 },
          ],
          width: 1,
          colour: 'edge',
        },
        ...(widthOf(name) < at(to) - at(from)
          ? [
              {
                is: 'text',
                x: (at(from) + at(to)) / 2,
                y: bottom + 13,
                text: name,
                anchor: 'middle',
                colour: 'quiet',
              } as const,
            ]
          : []),
      ])
  const foot = bottom + (square ? 14 + Math.max(...blocks.map((block) => widthOf(shortened(block, 20)))) : 28)
  const titles: Shape[] = [
    { is: 'text', x: (left + right) / 2, y: foot + 4, text: columnsAre, anchor: 'middle', colour: 'quiet' },
    ...(rowsAre
      ? [
          {
            is: 'text',
            x: 12,
            y: (top + bottom) / 2,
            text: rowsAre,
            anchor: 'middle',
            turned: true,
            colour: 'quiet',
          } as const,
        ]
      : []),
  ]
  return {
    width: square ? Math.max(right + 12, 200) : width,
    height: foot + 12,
    shapes: [...cells, ...below, ...titles],
  }
}
