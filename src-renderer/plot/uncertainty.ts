// How sure a run's coefficients are, where its start learned a posterior: a sentence, a table of all of them, and the
// strongest with their intervals.
import { withoutExtension } from '../../src-main/contract/file-names.ts'
import { strongestFirst, type UncertainCoefficient, uncertainOf } from '../../src-main/contract/run/posterior.ts'
import type { RunDetail } from '../../src-main/contract/run/run.ts'
import { coefficient, count, fileName, percent } from './format.ts'
import type { Whisker } from './picture/whiskers.ts'

const mostDrawn = 30

export interface UncertaintyChart {
  title: string
  note: string
  sentence: string
  columns: string[]
  rows: () => (string | number)[][]
  whiskers: Whisker[]
}

const nameOf = (vector: string): string => withoutExtension(fileName(vector))

/** "3 mlp.c_fc.weight" of "visual.transformer.resblocks.3.mlp.c_fc.weight": what is left out is the same in all. */
const briefly = (block: string): string =>
  block.replace(/^visual\./, '').replace(/^transformer\.resblocks\.(\d+)\./, '$1 ')

/** Null of a run without a posterior. */
export function uncertaintyOf({ start, blocks }: Pick<RunDetail, 'start' | 'blocks'>): UncertaintyChart | null {
  const all = start ? uncertainOf(start, blocks) : []
  if (!start || all.length === 0) return null
  const kept = all.filter(({ value }) => value !== 0).length
  const shown = strongestFirst(all).slice(0, mostDrawn)
  const part = shown.length < all.length ? ` Shown are the ${shown.length} strongest; the table has all.` : ''
  return {
    title: 'Uncertainty of the coefficients',
    note: 'of the start',
    sentence: `${count(kept)} of ${count(all.length)} coefficients are there and sure enough to be in the model. Whiskers are intervals at 95 % of those that are there, the figures beside them how sure that is.${part}`,
    columns: ['Vector', 'Block', 'In the model', 'Mean', 'Deviation', 'Low, 95 %', 'High, 95 %', 'Inclusion'],
    rows: () =>
      all.map((one) => [nameOf(one.vector), one.block, ...numbersOf(one).map(coefficient), percent(one.inclusion, 2)]),
    whiskers: shown.map((one) => ({
      ...{ name: `${nameOf(one.vector)}, ${briefly(one.block)}`, place: start.vectors.indexOf(one.vector) + 1 },
      ...{ mean: one.mean, low: one.low, high: one.high, inclusion: one.inclusion, isKept: one.value !== 0 },
    })),
  }
}

const numbersOf = ({ value, mean, deviation, low, high }: UncertainCoefficient): number[] => [
  value,
  mean,
  deviation,
  low,
  high,
]
