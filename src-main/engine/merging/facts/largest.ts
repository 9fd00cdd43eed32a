// The k largest of a region's numbers, where of those as large as the last only so many stay as make k: the first in
// the order of tensors and elements. Or all of them stay.
import type { Part } from '../merge.ts'
import { atRanks } from './ranks.ts'
import type { Region } from './region.ts'

/** What stays: what is above `least`, and what is as large up to a place. */
export interface Cut {
  least: number // float32
  until: { name: string; element: number } | null // null: all that are as large
  /** Tensors behind that place, where nothing as large stays. */
  behind: Set<string>
}

/** Of each stream of a part, (streams x n), one cut for every count asked. */
export async function largest(
  region: Region,
  streamsOf: (part: Part) => readonly ArrayLike<number>[],
  counts: readonly (readonly number[])[],
  ties: 'exact' | 'all',
): Promise<Cut[][]> {
  const { size } = region
  const asked = counts.map((own) => own.map((count) => (count > 0 && count < size ? size - count : null)))
  const isNone = asked.every((own) => own.every((rank) => rank === null))
  const streams = async function* (): AsyncGenerator<readonly ArrayLike<number>[]> {
    for await (const part of region.pass()) yield streamsOf(part)
  }
  const found = isNone
    ? []
    : await atRanks(
        streams,
        asked.map((own) => own.filter((rank) => rank !== null)),
      )
  const cuts = counts.map((own, s) => {
    const ranked = [...(found[s] ?? [])]
    return own.map((count): Cut & { tied: number } => {
      const one = count > 0 && count < size ? ranked.shift() : undefined
      const least = one?.value ?? (count > 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY)
      const tied = one ? count - (size - one.below - one.equal) : 0 // of those as large, how many make the count
      return { least, until: null, behind: new Set(), tied: one && tied < one.equal ? tied : 0 }
    })
  })
  if (ties === 'exact' && cuts.flat().some(({ tied }) => tied > 0)) await untilTied(region, streamsOf, cuts)
  return cuts
}

async function untilTied(
  region: Region,
  streamsOf: (part: Part) => readonly ArrayLike<number>[],
  cuts: readonly (Cut & { tied: number })[][],
): Promise<void> {
  for await (const part of region.pass())
    for (const [s, values] of streamsOf(part).entries())
      for (const cut of cuts[s] ?? []) {
        if (cut.until !== null) {
          if (part.name !== cut.until.name) cut.behind.add(part.name)
          continue
        }
        for (let i = 0; i < values.length && cut.tied > 0; i++)
          if (Math.fround(values[i] ?? 0) === cut.least && --cut.tied === 0)
            cut.until = { name: part.name, element: part.first + i }
      }
}

/** Whether an element of a part is among the largest. */
export function isAmong({ least, until, behind }: Cut, { name, first }: Part, i: number, value: number): boolean {
  const rounded = Math.fround(value)
  if (rounded !== least || until === null) return rounded >= least
  return name === until.name ? first + i <= until.element : !behind.has(name)
}
