// How many coefficients a run has, in words: a search along one coefficient has one, whatever the blocks.
import { gridPoints } from '../../src-main/contract/methods/card.ts'
import { iterates, methodCard } from '../../src-main/contract/methods/lookup.ts'
import { count } from './format.ts'

/** method: of the run; coefficients: of its table. */
export function coefficientsInWords(method: string, coefficients: number | undefined): string {
  const by = iterates(method) ? '' : methodCard(method)?.learns.by
  if (by === 'grid') return `1 coefficient, ${gridPoints} values`
  if (by === 'as-it-is') return 'none is learned'
  return count(coefficients)
}
