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
  signed?: boolean // the scale reaches as far below 0 as above
  text: (value: number) => string
  rowsAre?: string
  columnsAre: string
  ramp: { low: Colour; zero: Colour; high: Colour }
  width: number
}

const side = 20

interface Place extends MapSpec {
  limits: readonly number[]
  left: number
  right: number
  bottom: number
  at: (column: number) => number // pixel
}

const top = 6

export function mapScene(spec: MapSpec): Scene {
  const { rows, blocks, own, square = false, rowsAre = '', columnsAre, width } = spec
  const left = 26 + Math.max(30, ...rows.map(({ name }) => widthOf(shortened(name, 26))))
  const columns = Math.max(1, ...rows.map(({ values }) => values.length))
  const right = square ? left + columns * side : width - (own ? 74 : 12)
  const bottom = top + rows.length * side
  const at = (column: number) => left + (column / columns) * (right - left)
  const place = { ...spec, limits: limitsOf(rows, own), left, right, bottom, at }
  const below = square ? classNames(place) : layerNames(place)
  const named = Math.max(0, ...blocks.map((block) => widthOf(shortened(block, 20))))
  const foot = bottom + (square ? 22 + named : 28)
  const middle = (top + bottom) / 2
  const titles: Shape[] = [
    { is: 'text', x: (left + right) / 2, y: foot + 4, text: columnsAre, anchor: 'middle', colour: 'quiet' },
    { is: 'text', x: 12, y: middle, text: rowsAre, anchor: 'middle', turned: true, colour: 'quiet' },
  ]
  return {
    width: square ? Math.max(right + 12, own ? 200 : scaleEnd(place) + 12) : width,
    height: foot + (own ? 12 : 34),
    shapes: [...rows.flatMap((_, r) => rowShapes(place, r)), ...below, ...titles, ...(own ? [] : scale(place, foot))],
  }
}

const shades = 24 // of the scale
const each = 4 // pixels of one

/** Below all: the colours from their one end to the other, where all rows have one scale. */
function scale(place: Place, foot: number): Shape[] {
  const [{ ramp, left }, y] = [place, foot + 14]
  const { low, begin, from, end } = scaleAt(place)
  const colours = Array.from({ length: shades }, (_, i): Shape => {
    const shade = diverging(low + ((1 - low) * i) / (shades - 1), ramp.low, ramp.zero, ramp.high)
    return { is: 'rectangle', x: from + each * i, y, width: each + 0.5, height: 10, colour: `rgb(${shade.join(', ')})` }
  })
  const words = { is: 'text', y: y + 9, colour: 'quiet' } as const
  return [{ ...words, x: left, text: begin }, ...colours, { ...words, x: end.x, text: end.text }]
}

function scaleAt({ limits: [limit = 1], signed = true, text, left }: Place) {
  const low = signed ? -1 : 0
  const begin = text(low * limit)
  const from = left + widthOf(begin) + 6
  return { low, begin, from, end: { x: from + each * shades + 6, text: text(limit) } }
}

function scaleEnd(place: Place): number {
  const { end } = scaleAt(place)
  return end.x + widthOf(end.text)
}

/** Its name, its cells, and where a scale of its own ends. */
function rowShapes({ rows, blocks, own, square, text, ramp, width, limits, left, right }: Place, r: number): Shape[] {
  const { name = '', values = [], cells } = rows[r] ?? {}
  const [y, limit] = [top + r * side, limits[r] ?? 1]
  const at = (column: number) => left + (column / values.length) * (right - left)
  const drawn = values.flatMap((value, c): Shape[] => {
    if (value === null) return []
    const shade = diverging(value / limit, ramp.low, ramp.zero, ramp.high)
    const colour = Number.isFinite(value) ? `rgb(${shade.join(', ')})` : 'bad'
    const says = `${text(value)}, ${cells?.[c] ?? blocks[c] ?? c + 1}, ${name}`
    return [{ is: 'rectangle', x: at(c), y, width: at(c + 1) - at(c), height: side - 1.5, colour, says }]
  })
  const end = `±${text(limit).replace(/^[+−]/, '')}`
  return [
    { is: 'text', x: left - 8, y: y + 14, text: shortened(name, 26), anchor: 'end', colour: 'ink' },
    ...drawn,
    ...(own && !square
      ? [{ is: 'text', x: width - 6, y: y + 14, text: end, anchor: 'end', colour: 'quiet' } as const]
      : []),
  ]
}

/** Upwards below their columns. */
function classNames({ blocks, bottom, at }: Place): Shape[] {
  const look = { anchor: 'end', turned: true, colour: 'ink' } as const
  return blocks.map((block, c) => ({
    ...look,
    is: 'text',
    x: at(c + 0.5) + 4,
    y: bottom + 6,
    text: shortened(block, 20),
  }))
}

/** Below the columns of each layer, with a line where it begins. */
function layerNames({ blocks, bottom, at }: Place): Shape[] {
  return layersOf(blocks).flatMap(({ name, from, to }): Shape[] => {
    const [start, end] = [at(from), at(to)]
    const points = [top, bottom + 4].map((y) => ({ x: start, y }))
    const middle = (start + end) / 2
    return [
      { is: 'line', points, width: 1, colour: 'edge' },
      ...(widthOf(name) < end - start
        ? [{ is: 'text', x: middle, y: bottom + 13, text: name, anchor: 'middle', colour: 'quiet' } as const]
        : []),
    ]
  })
}
