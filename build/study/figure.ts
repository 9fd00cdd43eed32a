// The study's figure: a panel a kind, a row a start, a mark for each way to go on at its accuracy, the mean over seeds,
// and a line through them. An SVG that needs nothing; each way has a shape of its own, so that it can be told in grey.
import { mean } from '../../src-main/numbers/statistics/paired.ts'
import { type KindResults, type Way, ways } from './results.ts'

const [width, left, right, row, top] = [760, 150, 20, 24, 46] as const
const marks: Record<Way, (x: number, y: number) => string> = {
  alone: (x, y) => `<circle cx="${x}" cy="${y}" r="8" fill="none" stroke="#333" stroke-width="1.5"/>`,
  'DV-BASI': (x, y) => `<circle cx="${x}" cy="${y}" r="5" fill="#0b5fa5"/>`,
  'restart only': (x, y) => `<rect x="${x - 4.5}" y="${y - 4.5}" width="9" height="9" fill="#d9820f"/>`,
  'longer run': (x, y) => `<path d="M${x} ${y - 6} L${x + 6} ${y + 5} L${x - 6} ${y + 5} Z" fill="#5b8c3a"/>`,
}

export function figureOf(kinds: readonly KindResults[]): string {
  const panels = kinds
    .map(({ kind, starts }) => ({
      kind,
      rows: [...starts].flatMap(([start, of]) => {
        const values = ways.flatMap((way) =>
          of[way].size > 0 ? [[way, 100 * mean([...of[way].values()])] as const] : [],
        )
        return values.length > 0 ? [{ start, values }] : []
      }),
    }))
    .filter(({ rows }) => rows.length > 0)
  const all = panels.flatMap(({ rows }) => rows.flatMap(({ values }) => values.map(([, value]) => value)))
  const [low, high] = [Math.floor(Math.min(...all, 100) / 5) * 5, Math.ceil(Math.max(...all, 0) / 5) * 5]
  const xOf = (value: number): number => round(left + ((value - low) / (high - low)) * (width - left - right))
  const ticks = Array.from({ length: Math.max(0, (high - low) / 5 + 1) }, (_, i) => low + 5 * i)
  let y = 30
  const drawn = panels.flatMap(({ kind, rows }) => {
    const begins = y
    y += top + rows.length * row
    return [
      `<text x="10" y="${begins + 28}" font-weight="bold">${kind}</text>`,
      ...ticks.map(
        (tick) =>
          `<path d="M${xOf(tick)} ${begins + 20} V${begins + top + rows.length * row - 12}" stroke="#ddd"/>` +
          `<text x="${xOf(tick)}" y="${begins + 16}" fill="#555" text-anchor="middle">${tick} %</text>`,
      ),
      ...rows.map(({ start, values }, i) => rowOf(start, values, begins + top + i * row, xOf)),
    ]
  })
  const legend = ways.map(
    (way, i) => `${marks[way](left + 130 * i, 14)}<text x="${left + 130 * i + 10}" y="18">${way}</text>`,
  )
  return [
    [
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y + 6}" width="${width}" height="${y + 6}"`,
      'font-family="sans-serif" font-size="12">',
    ].join(' '),
    '<title>Mean test accuracy of every start, and of what went on from it</title>',
    `<rect width="${width}" height="${y + 6}" fill="#fff"/>`,
    ...legend,
    ...drawn,
    '</svg>',
    '',
  ].join('\n')
}

function rowOf(
  start: string,
  values: readonly (readonly [Way, number])[],
  y: number,
  xOf: (v: number) => number,
): string {
  const xs = values.map(([, value]) => xOf(value))
  return [
    `<text x="10" y="${y + 4}">${start}</text>`,
    `<path d="M${Math.min(...xs)} ${y} H${Math.max(...xs)}" stroke="#999"/>`,
    ...values.toReversed().map(([way, value]) => marks[way](xOf(value), y)),
  ].join('')
}

const round = (value: number): number => Math.round(10 * value) / 10
