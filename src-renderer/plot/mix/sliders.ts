// The sliders of a mix: a row for each vector, and for each iteration of DV-BASI what it scales the difference vector
// by; a column for each group of blocks, behind one for all of them.
import type { MixCoefficients, OpenedMix } from '../../../src-main/contract/api/mix.ts'
import { blockGroups, type Division } from '../../../src-main/contract/mix/blocks.ts'
import { type MixCells, meanOfCells } from '../../../src-main/contract/mix/coefficients.ts'

export interface MixCell {
  cells: MixCells
  group: string
  mean: number
  spread: { least: number; most: number } | null // where the blocks of a group differ
}

export interface MixRow {
  name: string
  symbol: string
  cells: MixCell[]
}

export function columnsOf({ groups }: Pick<OpenedMix, 'groups'>, division: Division) {
  const [all] = blockGroups(groups, 'all')
  const parts = division === 'all' ? [] : blockGroups(groups, division)
  return parts.length > 1 && all ? [all, ...parts] : all ? [all] : []
}

export function mixRows(opened: OpenedMix, mix: MixCoefficients, division: Division): MixRow[] {
  const columns = columnsOf(opened, division)
  const row = (part: MixCells['part'], name: string, symbol: string) => (_: unknown, index: number) => ({
    name: name === '' ? (opened.vectors[index] ?? '').replace(/\.[^.]+$/, '') : `${name} ${index + 1}`,
    symbol,
    cells: columns.map(({ name: group, columns }): MixCell => {
      const cells = { part, row: index, columns }
      const { mean, least, most } = meanOfCells(mix, cells)
      return { cells, group, mean, spread: least === most ? null : { least, most } }
    }),
  })
  const starts = opened.control === 'random' ? [] : mix.start.map(row('start', '', 'c'))
  return [...starts, ...mix.iterations.map(row('iterations', 'Iteration', 'λ'))]
}

/** Where sliders begin and end; what is beyond is typed. */
export const reach = { min: -1, max: 2 }

/** As keys move a slider; null: the key is none of them. */
export function keyed(key: string, value: number): number | null {
  const by = {
    ...{ ArrowLeft: -0.01, ArrowDown: -0.01, ArrowRight: 0.01, ArrowUp: 0.01 },
    ...{ PageDown: -0.1, PageUp: 0.1 },
  }[key]
  if (by !== undefined) return rounded(value + by, 4)
  return key === 'Home' ? reach.min : key === 'End' ? reach.max : null
}

export const rounded = (value: number, digits: number): number => Number(value.toFixed(digits))
