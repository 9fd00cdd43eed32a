// A coefficient table as a map: rows are vectors or iterations, columns are blocks. Zero is the middle of a diverging
// scale that reaches as far to both sides, so that a colour means the same sign and size everywhere on the map.

import { withoutExtension } from '../../src-main/contract/file-names.ts'
import { collapse, courseOf, effectiveCoefficients } from '../../src-main/contract/run/coefficients.ts'
import type { ResolvedConfig } from '../../src-main/contract/run/config.ts'
import type { RunDetail, StageDetail } from '../../src-main/contract/run/run.ts'
import { fileName } from './format.ts'

export interface HeatRow {
  name: string
  values: (number | null)[] // one a block; null: there is no such cell
  cells?: string[] // names of the cells, where they are not those of the columns
}

/** The start's vectors (its own map: they scale task vectors, not the difference vector). */
export function startRows(start: StageDetail | null, present: number[][] | null = null): HeatRow[] {
  const table = present ?? start?.coefficients ?? []
  return table.map((values, i) => ({ name: vectorName(start?.vectors[i] ?? `vector ${i + 1}`), values }))
}

function vectorName(name: string): string {
  return withoutExtension(fileName(name))
}

/** How much of every vector is in the model, as far as its stages have ended. */
export function modelRows(run: Pick<RunDetail, 'config' | 'parents' | 'start' | 'iterations'>): HeatRow[] {
  const course = courseOf(run)
  return (course ? effectiveCoefficients(course) : []).map(({ name, values }) => ({
    name: vectorName(name),
    values: [...values],
  }))
}

type Control = ResolvedConfig['control']

export function iterationsTitle(control: Control): string {
  return control === 'random' ? 'Coefficients of random directions' : 'Coefficients of the difference vector'
}

/**
 * One row an iteration, then what they do together, by which the difference vector has grown; random directions are not
 * one vector. `present` replaces the row of a stage that runs.
 */
export function iterationRows(
  iterations: readonly StageDetail[],
  present: { stage: number; table: number[][] } | null = null,
  control: Control = 'none',
): HeatRow[] {
  const rows = iterations
    .map((s) => ({
      name: `Iteration ${s.stage}`,
      values: (present?.stage === s.stage ? present.table : s.coefficients)[0] ?? [],
    }))
    .filter((row) => row.values.length > 0)
  if (rows.length < 2 || control === 'random') return rows
  const [grown] = collapse(
    [(rows[0]?.values ?? []).map(() => 1)],
    rows.map(({ values }) => values),
    control,
  )
  return [...rows, { name: 'Together', values: Array.from(grown ?? [], (c) => c - 1) }]
}

/** Largest size of any finite value; 0 for an empty or all-zero table. */
export function reach(rows: readonly HeatRow[]): number {
  let largest = 0
  for (const row of rows) for (const v of row.values) if (isNumber(v)) largest = Math.max(largest, Math.abs(v))
  return largest
}

/** The column whose value is largest in size, over all rows; null when there is none. */
export function strongest(rows: readonly HeatRow[]): { row: number; column: number; value: number } | null {
  let found: { row: number; column: number; value: number } | null = null
  rows.forEach((r, row) =>
    r.values.forEach((value, column) => {
      if (isNumber(value) && Math.abs(value) > Math.abs(found?.value ?? 0)) found = { row, column, value }
    }),
  )
  return found
}

function isNumber(value: number | null): value is number {
  return value !== null && Number.isFinite(value)
}

export type Colour = readonly [number, number, number]

/** "rgb(1, 2, 3)" or "#123456" as three bytes. */
export function parseColour(text: string): Colour {
  const hex = /^#([0-9a-f]{6})$/i.exec(text.trim())?.[1]
  const bytes = hex ? [0, 2, 4].map((i) => Number.parseInt(hex.slice(i, i + 2), 16)) : text.match(/[\d.]+/g)
  const [r = 0, g = 0, b = 0] = (bytes ?? []).map(Number)
  return [r, g, b]
}

/** The colour of a value in [-1, 1] between low, middle and high, straight lines in between. */
export function diverging(value: number, low: Colour, middle: Colour, high: Colour): Colour {
  const t = Math.min(1, Math.abs(value))
  const end = value < 0 ? low : high
  const mix = (i: 0 | 1 | 2) => Math.round(middle[i] + (end[i] - middle[i]) * t)
  return [mix(0), mix(1), mix(2)]
}
