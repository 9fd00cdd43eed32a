// What a search tried, in words and numbers: "lambda 0.2, density 0.5", 0.8731. Pure.
import type { Scored } from '../../src-main/contract/api/searches.ts'

const digits = 6

export function labelWords(one: Scored): string {
  if (one.type === 'base') return 'the pre-trained model'
  if (one.type === 'single') return one.model
  return Object.entries(one.label)
    .map(([name, value]) => `${name === 'lambda' ? 'coefficient' : name} ${textOf(value)}`)
    .join(', ')
}

/** Of all that were scored, in the order in which they came. */
export const scoresNamed = (scored: readonly Scored[]): string[] => [
  ...new Set(scored.flatMap(({ scores }) => Object.keys(scores))),
]

export const scoreText = (value: number | null): string => (value === null ? '–' : textOf(value))

const textOf = (value: number | string): string =>
  typeof value === 'number' ? String(Number(value.toPrecision(digits))) : value
