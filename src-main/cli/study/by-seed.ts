// Accuracies by their seeds, as cells of a table in Markdown: in %, ± the standard deviation over seeds; differences in
// points, paired by seed, with their 95 % interval by Student's t.
import { deviation, mean, pairedInterval } from '../../numbers/statistics/paired.ts'

export type BySeed = ReadonlyMap<number, number> // accuracy, the mean over tasks

/** Of the seeds that all have. */
export function meanOver([first, ...others]: readonly BySeed[]): BySeed {
  return new Map(
    [...(first ?? [])].flatMap(([seed, value]) => {
      const values = [value, ...others.flatMap((one) => one.get(seed) ?? [])]
      return values.length === 1 + others.length ? [[seed, mean(values)] as const] : []
    }),
  )
}

/** "71.0 ± 0.2"; empty for no seed. */
export function spread(seeds: BySeed): string {
  const values = [...seeds.values()]
  if (values.length === 0) return ''
  const sd = deviation(values)
  return `${percent(mean(values))}${sd === null ? '' : ` ± ${percent(sd)}`}`
}

/** "−0.64 [−0.76, −0.53]", on the seeds that both have; empty where there is none. */
export function difference(one: BySeed, other: BySeed): string {
  const differences = [...one].flatMap(([seed, value]) => {
    const against = other.get(seed)
    return against === undefined ? [] : [value - against]
  })
  if (differences.length === 0) return ''
  const interval = pairedInterval(differences)
  return `${points(mean(differences))}${interval ? ` [${interval.map(points).join(', ')}]` : ''}`
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)]
}

export const percent = (share: number): string => (100 * share).toFixed(1)
const points = (share: number): string => `${share < 0 ? '−' : '+'}${(100 * Math.abs(share)).toFixed(2)}`
