// The arms of a study as bars: mean over seeds, its deviation, and every seed's own value, on a scale that shows their
// differences.
import type { StudyDetail, StudyRun } from '../../../src-main/contract/api/studies.ts'
import type { Interval } from '../picture/bars.ts'
import { armsOf } from './curves.ts'

export type ArmMeasure = 'accuracy' | 'relativeAccuracy' | 'control'
export const armMeasures = {
  accuracy: 'accuracy',
  relativeAccuracy: 'relative accuracy',
  control: 'accuracy of controls',
} as const satisfies Record<ArmMeasure, string>

export interface ArmBar {
  arm: string
  place: number // from 1 on: its colour
  mean: number
  deviation: number | null
  values: { seed: number; value: number }[]
}

/**
 * In the order of the table; arms without a finished seed are left out. A seed's value is the mean over the arm's
 * parts, as in the table.
 */
export function armBars({ table, runs }: Pick<StudyDetail, 'table' | 'runs'>, measure: ArmMeasure): ArmBar[] {
  const arms = armsOf(runs)
  return table.flatMap((row) => {
    const spread = row[measure]
    if (!spread) return []
    const bySeed = Map.groupBy(
      runs.filter(({ arm }) => arm === row.arm),
      ({ seed }) => seed,
    )
    const values = [...bySeed].flatMap(([seed, parts]) => {
      const value = meanOver(parts, measure)
      return value === null ? [] : [{ seed, value }]
    })
    return [{ arm: row.arm, place: arms.indexOf(row.arm) + 1, mean: spread.mean, deviation: spread.deviation, values }]
  })
}

function meanOver(parts: readonly StudyRun[], measure: ArmMeasure): number | null {
  const values = parts.map((run) => (run.state === 'done' ? run[measure] : null)).filter((v) => v !== null)
  return values.length === parts.length ? values.reduce((a, b) => a + b, 0) / values.length : null
}

const mostDots = 40 // of a bar: more lie on one another

/** Of many seeds those at even steps from the least value to the greatest. */
export function dotsOf(values: ArmBar['values']): ArmBar['values'] {
  if (values.length <= mostDots) return values
  const sorted = values.toSorted((a, b) => a.value - b.value)
  const step = (sorted.length - 1) / (mostDots - 1)
  return Array.from({ length: mostDots }, (_, i) => sorted[Math.round(i * step)]).filter((one) => one !== undefined)
}

/** Round ends around every value with room on both sides, and marks between them: at most 6. */
export function scaleOf(bars: readonly ArmBar[]): { from: number; to: number; marks: number[] } {
  const all = bars.flatMap(({ mean, deviation, values }) => [
    mean - (deviation ?? 0),
    mean + (deviation ?? 0),
    ...values.map((v) => v.value),
  ])
  if (all.length === 0) return { from: 0, to: 1, marks: [0, 0.5, 1] }
  const [low, high] = [Math.min(...all), Math.max(...all)]
  const room = Math.max(0.005, 0.15 * (high - low))
  const rough = (high - low + 2 * room) / 4
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10)
  const [first, last] = [Math.max(0, Math.floor((low - room) / step)), Math.ceil((high + room) / step)]
  const marks = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)))
  return { from: marks[0] ?? 0, to: marks.at(-1) ?? 1, marks }
}

/** The same for a picture: the mean with its deviation on both sides, and a dot each seed. */
export function armIntervals(bars: readonly ArmBar[]): { name: string; bars: Interval[] }[] {
  return bars.map(({ arm, place, mean, deviation, values }) => {
    const [low, high] = deviation === null ? [null, null] : [mean - deviation, mean + deviation]
    return { name: arm, bars: [{ name: arm, place, value: mean, low, high, dots: values.map(({ value }) => value) }] }
  })
}
