// A mix as rows of numbers, and what a hand does to them. A slider is one row over a group of blocks: it shows the mean
// of its cells, and moving it moves all of them by as much, so that what a run has learned of single blocks stays.
import type { MixCoefficients } from '../api/mix.ts'

export type MixPart = keyof MixCoefficients

/** Cells that move together: of the start's row of a vector, or of an iteration. */
export interface MixCells {
  readonly part: MixPart
  readonly row: number
  readonly columns: readonly number[]
}

/** Mean and spread of the cells. */
export function meanOfCells(mix: MixCoefficients, cells: MixCells): { mean: number; least: number; most: number } {
  const values = valuesOf(mix, cells)
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  const [least, most] = [Math.min(...values), Math.max(...values)]
  return least === most ? { mean: least, least, most } : { mean, least, most } // of equal ones their very value
}

/** The same mix with the mean of these cells at `value`. */
export function withMean(mix: MixCoefficients, cells: MixCells, value: number): MixCoefficients {
  const { mean, least, most } = meanOfCells(mix, cells)
  const moved = (cell: number): number => (least === most ? value : cell + (value - mean))
  const inIt = new Set(cells.columns)
  const rows = mix[cells.part].map((row, r) =>
    r === cells.row ? row.map((cell, column) => (inIt.has(column) ? moved(cell) : cell)) : row,
  )
  return { ...mix, [cells.part]: rows }
}

/** Nothing of any vector: the pre-trained model. */
export function zeroOf(mix: MixCoefficients): MixCoefficients {
  const zeros = (rows: number[][]): number[][] => rows.map((row) => row.map(() => 0))
  return { start: zeros(mix.start), iterations: zeros(mix.iterations) }
}

export function isSameMix(a: MixCoefficients, b: MixCoefficients): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

const valuesOf = (mix: MixCoefficients, { part, row, columns }: MixCells): number[] =>
  columns.map((column) => mix[part][row]?.[column] ?? Number.NaN)
