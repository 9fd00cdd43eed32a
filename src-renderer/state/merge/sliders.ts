// Where a slider begins and ends, and its step, of a parameter whose card says it or as much as its default tells. A
// number beyond is typed beside it.
import type { Parameter } from '../../../src-main/contract/merges/parameters.ts'

export interface Range {
  readonly min: number
  readonly max: number
  readonly step: number
}

/** Of coefficients and weights: taken away, left out, or added up to twice. */
export const shares: Range = { min: -1, max: 2, step: 0.05 }

const widest = 100 // a slider has some hundred places
const steps = 50

/** null: it has no slider, as a seed has none. */
export function sliderOf(of: Parameter): Range | null {
  if (of.type !== 'number' && of.type !== 'integer') return null
  const usual = typeof of.default === 'number' ? of.default : 0
  const least = bound(of.minimum ?? of.exclusiveMinimum) ?? 0
  const most = bound(of.maximum ?? of.exclusiveMaximum)
  const max = most !== null && most - least <= widest ? most : 4 * usual
  if (max <= least) return null
  const step = of.type === 'integer' ? 1 : 10 ** Math.floor(Math.log10((max - least) / steps))
  if (usual > least && usual - least < step) return null // it is told by its exponent
  return {
    min: of.exclusiveMinimum === least ? least + step : least,
    max: of.exclusiveMaximum === max ? max - step : max,
    step,
  }
}

/** A whole number's own limits say nothing. */
const bound = (value: number | undefined): number | null =>
  value === undefined || Math.abs(value) >= Number.MAX_SAFE_INTEGER ? null : value
