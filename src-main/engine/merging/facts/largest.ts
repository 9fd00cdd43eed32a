// The k largest of a region's numbers, where of those as large as the last only so many stay as make k: the first in
// the order of tensors and elements. Or all of them stay.
import { countMagnitudes, tied as tiedAt, trim } from '../../devices/double/rows.ts'
import type { Part } from '../merge.ts'
import { atRanks, bins, type Counting } from './ranks.ts'
import type { Region } from './region.ts'
import { type OnTaus, onTaus } from './taus.ts'

/** What stays: what is above `least`, and what is as large up to a place. */
export interface Cut {
  least: number // float32
  until: { name: string; element: number } | null // null: all that are as large
  /** Tensors behind that place, where nothing as large stays. */
  behind: Set<string>
}

/** A cut of which so many are still to be found that are as large as the least. */
interface Open extends Cut {
  tied: number
}

/** Of each stream of a part, (streams x n), one cut for every count asked. */
export async function largest(
  region: Region,
  streamsOf: (part: Part) => readonly ArrayLike<number>[],
  counts: readonly (readonly number[])[],
  ties: 'exact' | 'all',
): Promise<Cut[][]> {
  const streams = async function* (): AsyncGenerator<readonly ArrayLike<number>[]> {
    for await (const part of region.pass()) yield streamsOf(part)
  }
  const find = async (part: Part, open: readonly (readonly Open[])[]): Promise<void> => {
    for (const [s, values] of streamsOf(part).entries())
      for (const cut of open[s] ?? [])
        for (let i = 0; i < values.length && cut.tied > 0; i++)
          if (Math.fround(values[i] ?? 0) === cut.least && --cut.tied === 0) foundAt(cut, part, i)
  }
  return cutsOf(region, streams, counts, ties, find)
}

/** The same of the magnitudes of each task vector, on the float64 device. */
export async function largestTaus(
  region: Region,
  counts: readonly (readonly number[])[],
  ties: 'exact' | 'all',
): Promise<Cut[][]> {
  // A model may have more zeros than an int32 counts: a part's are counted there, and the model's here.
  const pass = async (uppers: readonly (number | null)[]): Promise<Float64Array[]> => {
    const found = counts.map(() => new Float64Array(bins))
    const own = counts.map(() => new Int32Array(bins))
    for await (const part of region.pass()) {
      for (const table of own) table.fill(0)
      await onTaus(part, (device, taus) => countMagnitudes(device, taus, uppers, own))
      for (const [s, table] of own.entries()) added(found[s], table)
    }
    return found
  }
  // A number's upper half has its sign turned, and none is negative.
  const sign = bins / 2
  const counting: Counting = {
    async upper() {
      const found = await pass(counts.map(() => null))
      return found.map((own) => {
        const turned = new Float64Array(bins)
        turned.set(own.subarray(0, sign), sign)
        return turned
      })
    },
    async lower(halves) {
      const all = halves.map((own) => [...own])
      const found = all.map(() => new Map<number, Float64Array>())
      for (let k = 0; k < Math.max(...all.map((own) => own.length)); k++) {
        const own = await pass(all.map((of) => (of[k] ?? sign) - sign))
        for (const [s, of] of all.entries()) if (k < of.length) found[s]?.set(of[k] ?? 0, own[s] as Float64Array)
      }
      return found
    },
  }
  const find = (part: Part, open: readonly (readonly Open[])[]): Promise<void> =>
    onTaus(part, (device, taus) => {
      for (let k = 0; k < Math.max(...open.map((own) => own.length)); k++) {
        const asked = open.map((own) => ({ size: own[k]?.least ?? 0, most: Math.min(own[k]?.tied ?? 0, part.count) }))
        for (const [s, { seen, place }] of tiedAt(device, taus, asked).entries()) {
          const cut = open[s]?.[k]
          if (!cut || cut.tied === 0) continue
          cut.tied -= seen
          if (cut.tied === 0) foundAt(cut, part, place)
        }
      }
    })
  return cutsOf(region, counting, counts, ties, find)
}

function added(sums: Float64Array | undefined, counts: Int32Array): void {
  if (!sums) return
  for (let i = 0; i < counts.length; i++) sums[i] = (sums[i] ?? Number.NaN) + (counts[i] ?? Number.NaN)
}

async function cutsOf(
  region: Region,
  streams: Parameters<typeof atRanks>[0],
  counts: readonly (readonly number[])[],
  ties: 'exact' | 'all',
  find: (part: Part, open: readonly (readonly Open[])[]) => Promise<void>,
): Promise<Cut[][]> {
  const { size } = region
  const asked = counts.map((own) => own.map((count) => (count > 0 && count < size ? size - count : null)))
  const isNone = asked.every((own) => own.every((rank) => rank === null))
  const found = isNone
    ? []
    : await atRanks(
        streams,
        asked.map((own) => own.filter((rank) => rank !== null)),
      )
  const cuts = counts.map((own, s) => {
    const ranked = [...(found[s] ?? [])]
    return own.map((count): Open => {
      const one = count > 0 && count < size ? ranked.shift() : undefined
      const least = one?.value ?? (count > 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY)
      const tied = one ? count - (size - one.below - one.equal) : 0 // of those as large, how many make the count
      return { least, until: null, behind: new Set(), tied: one && tied < one.equal ? tied : 0 }
    })
  })
  if (ties === 'exact') await untilTied(region, cuts, find)
  return cuts
}

async function untilTied(
  region: Region,
  cuts: readonly (readonly Open[])[],
  find: (part: Part, open: readonly (readonly Open[])[]) => Promise<void>,
): Promise<void> {
  const isOpen = (): boolean => cuts.some((own) => own.some(({ tied }) => tied > 0))
  const closing = cuts.flat().filter(({ tied }) => tied > 0)
  if (closing.length === 0) return
  for await (const part of region.pass()) {
    await find(part, cuts)
    if (!isOpen()) break
  }
  for (const { until, behind } of closing)
    for (const name of region.names.slice(region.names.indexOf(until?.name ?? '') + 1)) behind.add(name)
}

function foundAt(cut: Open, { name, first }: Part, i: number): void {
  cut.until = { name, element: first + i }
}

/** Whether an element of a part is among the largest. */
export function isAmong({ least, until, behind }: Cut, { name, first }: Part, i: number, value: number): boolean {
  const rounded = Math.fround(value)
  if (rounded !== least || until === null) return rounded >= least
  return name === until.name ? first + i <= until.element : !behind.has(name)
}

/** In place, of each vector what is among its largest stays; or, dropped, the others. */
export const keepLargest =
  (cuts: readonly Cut[], { name, first, count }: Part, isDropped = false): OnTaus =>
  (device, taus) => {
    const lastOf = ({ until, behind }: Cut): number => {
      if (until === null) return count
      if (name !== until.name) return behind.has(name) ? -1 : count
      return Math.max(-1, Math.min(count, until.element - first))
    }
    trim(
      device,
      taus,
      cuts.map((cut) => ({ least: cut.least, last: lastOf(cut) })),
      isDropped,
    )
  }
