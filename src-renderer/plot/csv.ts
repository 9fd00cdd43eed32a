// Rows as CSV (RFC 4180), and every series of a run in one table: a row a point.
import type { StageLine } from './curves.ts'

type Cell = string | number | null | undefined

const quoted = (cell: Cell): string => {
  const text = String(cell ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export function csvOf(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => `${row.map(quoted).join(',')}\r\n`).join('')
}

/** Every point with all its digits: chart, series, x, y. */
export function seriesCsv(charts: readonly { chart: string; lines: readonly StageLine[] }[]): string {
  return csvOf([
    ['chart', 'series', 'x', 'y'],
    ...charts.flatMap(({ chart, lines }) =>
      lines.flatMap(({ name, points }) => points.map(({ x, y }) => [chart, name, x, y])),
    ),
  ])
}
