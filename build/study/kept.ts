// The measured kinds as numbers, in a file beside the page: a kind takes an hour or more, so each may be measured in a
// sitting of its own, in a history of its own, and what others measured before stays on the page.
import { existsSync, readFileSync } from 'node:fs'

import { writeAtomic } from '../../src-main/files/write-atomic.ts'
import { kinds, type Start } from './protocol.ts'
import { type KindResults, type Ways, ways } from './results.ts'
import { hasAny } from './tables.ts'

type Pairs = [seed: number, accuracy: number][]
type Written = Omit<KindResults, 'starts'> & { starts: [Start, Record<keyof Ways, Pairs>][] }

/** What this history has of each kind takes the place of what was kept of it. In the order of the protocol. */
export async function keptWith(file: string, measured: readonly KindResults[]): Promise<KindResults[]> {
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Written[]).map(read) : []
  const known = [...measured.filter(hasAny), ...before] // the newest of a kind first
  const all = kinds.flatMap((kind) => known.find((one) => one.kind === kind) ?? [])
  const text = `${JSON.stringify(all.map(written), null, 1)}\n`
  await writeAtomic(file, [Buffer.from(text)], { overwrite: true })
  return all
}

const written = ({ starts, ...others }: KindResults): Written => ({
  ...others,
  starts: [...starts].map(([start, of]) => [start, eachWay((way) => [...of[way]])]),
})

const read = ({ starts, ...others }: Written): KindResults => ({
  ...others,
  starts: new Map(starts.map(([start, of]) => [start, eachWay((way) => new Map(of[way]))])),
})

const eachWay = <T>(of: (way: keyof Ways) => T): Record<keyof Ways, T> =>
  Object.fromEntries(ways.map((way) => [way, of(way)])) as Record<keyof Ways, T>
